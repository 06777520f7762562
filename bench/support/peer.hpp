//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_BENCH_SUPPORT_PEER_HPP
#define STRAIT_BENCH_SUPPORT_PEER_HPP

#include <strait/channel.hpp>

#include <memory>
#include <sys/types.h>
#include <utility>

// The second process of a measurement: this program again, which is given tasks through a channel.
// Ends and sockets to measure with travel to it inside the first task.

namespace bench {

// The process ends when the sender of its tasks is gone; the destructor waits for that.
class peer_process {
public:
    explicit peer_process(pid_t pid) noexcept : pid_(pid) {}
    peer_process(peer_process&& other) noexcept : pid_(std::exchange(other.pid_, -1)) {}
    peer_process& operator=(peer_process&&) = delete;
    ~peer_process();

private:
    pid_t pid_;
};

template <class Task>
struct peer {
    peer_process process;
    strait::sender<Task> tasks;  // goes first
};

namespace detail {

using erased_sender = std::shared_ptr<strait::detail::sender_core>;
using erased_receiver = std::shared_ptr<strait::detail::receiver_core>;

std::pair<pid_t, erased_sender> start_self(const strait::detail::type_identity& type);
erased_receiver inherited(const strait::detail::type_identity& type);

}  // namespace detail

template <class Task>
peer<Task> start_peer() {
    auto [pid, tasks] = detail::start_self(strait::detail::identity_of<Task>());
    return {peer_process(pid), strait::sender<Task>(std::move(tasks), {})};
}

// In the peer.
template <class Task>
strait::receiver<Task> inherited_tasks() {
    return strait::receiver<Task>(detail::inherited(strait::detail::identity_of<Task>()), {});
}

}  // namespace bench

#endif
