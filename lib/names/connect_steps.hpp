//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_LIB_NAMES_CONNECT_STEPS_HPP
#define STRAIT_LIB_NAMES_CONNECT_STEPS_HPP

#include "names/hello.hpp"

#include <strait/detail/link/cores.hpp>
#include <strait/endpoint.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <memory>

namespace strait::detail {

// The steps from an endpoint to a sender. Whoever drives them waits for what they ask for.
class connect_steps {
public:
    enum class action {
        pause,  // for pause_time(): the queue of the listener is full
        read,   // until stream() can be read
        done,   // see result()
    };

    connect_steps(const type_identity& type, const endpoint& at);

    // Goes as far as it can without blocking.
    action resume();

    const handle& stream() const noexcept { return stream_; }
    std::chrono::milliseconds pause_time() const noexcept { return pause_; }

    const error_code& result() const noexcept { return result_; }
    diagnostics& details() noexcept { return details_; }

    // After success, and once nobody waits on the stream any more.
    std::shared_ptr<sender_core> make_sender(const asio::any_io_executor& executor);

    void close() noexcept { stream_.close(); }

private:
    action finish(const error_code& ec) noexcept;
    action connect();
    action read_answer();
    error_code judge();

    const endpoint at_;
    channel_identity ours_;
    handle stream_;
    greeting_reader reader_;
    std::chrono::milliseconds pause_{0};
    error_code result_;
    diagnostics details_;
};

}  // namespace strait::detail

#endif
