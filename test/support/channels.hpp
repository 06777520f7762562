//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_TEST_SUPPORT_CHANNELS_HPP
#define STRAIT_TEST_SUPPORT_CHANNELS_HPP

#include <strait/channel.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/test/unit_test.hpp>

#include <concepts>
#include <cstdint>
#include <cstdlib>
#include <utility>

// The same tests, over channels of either kind: with STRAIT_TEST_IN_PROCESS in the environment what
// new_channel makes stays in the process.

namespace strait::test {

inline bool in_process_run() {
    static const bool is = std::getenv("STRAIT_TEST_IN_PROCESS") != nullptr;
    return is;
}

inline channel_options of_this_run(channel_options options) {
    options.in_process = in_process_run();
    return options;
}

template <class T>
auto new_channel(const boost::asio::any_io_executor& executor, const channel_options& options,
    error_code& ec) {
    return strait::make_channel<T>(executor, of_this_run(options), ec);
}

template <class T>
auto new_channel(
    const boost::asio::any_io_executor& executor, const channel_options& options = {}) {
    return strait::make_channel<T>(executor, of_this_run(options));
}

template <class T, std::derived_from<boost::asio::execution_context> Context>
auto new_channel(Context& context, const channel_options& options = {}) {
    return strait::make_channel<T>(context, of_this_run(options));
}

template <class T>
auto new_channel(const channel_options& options = {}) {
    return strait::make_channel<T>(of_this_run(options));
}

// So many bytes of shared memory for large messages.
inline channel_options with_pool(std::uint64_t bytes) {
    limits l;
    l.max_pool_bytes = bytes;
    return channel_options(l);
}

// Large messages go through the socket, in fragments, as they do where there is no shared memory.
inline limits in_fragments() {
    limits l;
    l.max_pool_bytes = 0;
    return l;
}

// For tests of what not every system has; skipped there. (What is disabled is run when it is named.)
inline boost::unit_test::decorator::precondition only_if(bool has) {
    return boost::unit_test::decorator::precondition(
        [has](boost::unit_test::test_unit_id) -> boost::test_tools::assertion_result {
            return has;
        });
}

// For tests of what in-process channels do not have, such as another process: skipped over them.
inline boost::unit_test::decorator::precondition over_links() {
    return boost::unit_test::decorator::precondition(
        [](boost::unit_test::test_unit_id) -> boost::test_tools::assertion_result {
            return !in_process_run();
        });
}

}  // namespace strait::test

#endif
