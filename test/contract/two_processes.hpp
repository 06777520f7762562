//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_TEST_CONTRACT_TWO_PROCESSES_HPP
#define STRAIT_TEST_CONTRACT_TWO_PROCESSES_HPP

#include "contract/values.hpp"
#include "link/link_receiver.hpp"
#include "link/link_sender.hpp"
#include "posix/stream.hpp"
#include "support/child_process.hpp"
#include "support/roles.hpp"

#include <string>
#include <utility>
#include <vector>

// Another process in a role of this program, with a channel to it by which it gets whatever ends
// it needs. It does not use strait's own way to start children, which has tests of its own.

namespace strait::test {

namespace os = strait::detail::os;

inline constexpr int first_link_number = 3;

template <class T>
detail::channel_identity first_identity(const limits& bounds = {}) {
    const detail::type_identity type = detail::identity_of<T>();
    detail::channel_identity identity;
    identity.fingerprint = type.fingerprint;
    identity.type_name = type.name;
    identity.bounds = bounds;
    identity.id[0] = os::random_u64();
    identity.id[1] = os::random_u64();
    return identity;
}

template <class T>
class peer {
public:
    explicit peer(const std::string& role, const std::vector<std::string>& args = {})
        : peer(role, args, pair()) {}

    sender<T>& to() noexcept { return to_; }
    child_process& process() noexcept { return process_; }

    // Sends what the child needs and forgets the way to it.
    void start(T value) {
        to_.send(std::move(value));
        to_.close();
    }

private:
    static std::pair<handle, handle> pair() {
        error_code ec;
        auto ends = os::connected_pair(ec);
        if (ec) throw system_error(ec);
        return ends;
    }

    peer(const std::string& role, const std::vector<std::string>& args,
        std::pair<handle, handle> ends)
        : process_(role, args, {{ends.second.native_handle(), first_link_number}}),
          to_(detail::link_sender::make(std::move(ends.first), first_identity<T>(), {}, {}), {}) {}

    child_process process_;
    sender<T> to_;
};

// In the child: what the parent sends. Once.
template <class T>
receiver<T> from_parent(const asio::any_io_executor& executor = {}) {
    auto core = std::make_shared<detail::link_receiver>(first_identity<T>(), executor);
    if (error_code ec = core->add_first(handle(first_link_number))) throw system_error(ec);
    return receiver<T>(std::move(core), executor);
}

// The same where that is all that comes: see peer::start.
template <class T>
T order_from_parent() {
    auto in = from_parent<T>();
    return in.recv();
}

}  // namespace strait::test

#endif
