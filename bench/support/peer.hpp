//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_BENCH_SUPPORT_PEER_HPP
#define STRAIT_BENCH_SUPPORT_PEER_HPP

#include <strait/channel.hpp>
#include <strait/process.hpp>

#include <utility>

// The second process of a measurement: this program again, which is given tasks through a channel.
// Ends and sockets to measure with travel to it inside the first task.

namespace bench {

// The process ends when the sender of its tasks is gone; the destructor waits for that.
template <class Task>
class peer {
public:
    peer() {
        auto [tasks, theirs] = strait::make_channel<Task>();
        auto options = strait::process_options::this_program();
        options.argument("--peer").give("tasks", std::move(theirs));
        process_ = strait::process::start(options);
        tasks_ = std::move(tasks);
    }
    peer(const peer&) = delete;
    peer& operator=(const peer&) = delete;
    ~peer() {
        tasks_.close();
        strait::error_code ignored;
        process_.wait(ignored);
    }

    // Senders in the task are gone here when this returns: the peer's are the only ones.
    void give(Task task) { tasks_.send(std::move(task)); }

private:
    strait::process process_;
    strait::sender<Task> tasks_;
};

// In the peer.
template <class Task>
strait::receiver<Task> inherited_tasks() {
    return strait::inherited::take().template take<strait::receiver<Task>>("tasks");
}

}  // namespace bench

#endif
