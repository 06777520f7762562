//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_LIB_LINK_RECEIVER_BASE_HPP
#define STRAIT_LIB_LINK_RECEIVER_BASE_HPP

#include "link/context_service.hpp"
#include "link/message_line.hpp"

#include <strait/detail/link/cores.hpp>

#include <boost/container/small_vector.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>

namespace strait::detail {

// What a receiver does wherever its messages come from: links, or the same process.
//
// The line holds what the source gave out, in order, and an operation takes from it when its final
// handler is about to be called. An operation for which a message is in the line is granted; until it
// takes, the message can still go to another.
class receiver_base : public receiver_core,
                      public context_client,
                      public std::enable_shared_from_this<receiver_base> {
public:
    const channel_identity& identity() const noexcept final { return identity_; }
    void bind(const asio::any_io_executor& executor) final;
    asio::any_io_executor executor() const final;
    bool is_open() const noexcept final;
    void cancel() noexcept final;
    void start(recv_operation& op) final;
    void cancel(std::uint64_t id, const error_code& why) noexcept final;
    bool take(recv_operation& op, incoming_message& out) final;
    void restart(recv_operation& op) final;
    void forget(recv_operation& op) noexcept final;
    error_code recv(incoming_message& out, const deadline& until) final;
    error_code try_recv(incoming_message& out) final;
    error_code try_take(incoming_message& out, bool look) final;
    std::size_t take_more(std::span<incoming_message> out) final;
    void put_back(incoming_message message) final;
    bool report(const fault& f) final;
    bool note_fault(const error_code& code) final;
    std::uint64_t faults() const noexcept final { return faults_.load(); }
    void on_fault(std::function<void(const fault&)> handler) final;
    void deliver_faults(bool on) noexcept final { deliver_faults_.store(on); }
    bool has_untold_faults() const noexcept final {
        return has_untold_faults_.load(std::memory_order_relaxed);
    }
    void tell_faults() final;
    void tell_faults_later() final;

protected:
    enum class phase { open, moved, closed };
    enum class outcome { message, given, nothing, ended, enough, no_memory };

    // Operations to be finished when the mutex is released.
    struct finished_list {
        boost::container::small_vector<recv_operation*, 4> receives;
        operation_queue<send_operation> sends;
    };

    receiver_base(channel_identity identity, const asio::any_io_executor& executor);
    ~receiver_base() = default;

    // The source. All of these are called with the mutex held.

    // Gets until one more message is in the line; or in `direct`, when the line is empty and somebody
    // takes the message at once. May throw bad_alloc, and loses nothing by that.
    virtual outcome fetch(int& budget, finished_list& finished, incoming_message* direct) = 0;

    // Learns what came since it was found empty.
    virtual void look() = 0;

    // What one call may fetch to see everything that lies there.
    virtual int whole_budget() const noexcept = 0;

    // Comes back to pump when there may be something; `is_ready`: there is already. Where that is no
    // wait in a reactor, operations that wait keep their executors busy themselves.
    virtual error_code arm(bool& is_ready) = 0;
    virtual bool waits_in_reactor() const noexcept = 0;
    virtual void disarm() noexcept = 0;

    // Nothing of it stays with the executor's context; in_shutdown: which is going away.
    virtual void detach(bool in_shutdown) noexcept = 0;

    // Blocks until there may be something. Releases the mutex meanwhile, with is_blocked_ set.
    virtual void wait(std::unique_lock<std::mutex>& lock, const deadline& until) = 0;

    // A message leaves the receiver, or comes back.
    virtual void left(incoming_message&) noexcept {}
    virtual bool came_back(incoming_message&) noexcept { return true; }

    // With the mutex held.
    bool is_forked() const noexcept;
    error_code usable() const noexcept;
    void pump(finished_list& finished);
    void abort_all(finished_list& finished, const error_code& why);
    void add_fault(const error_code& code);
    void count_fault(const error_code& code);

    // Whether nothing stands in the way of completing the only finished operation from here: those
    // that were granted before and are on their way come first.
    bool is_alone(const finished_list& finished) const noexcept;

    // Without it.
    static void finish(finished_list& finished, completion how);

    const channel_identity identity_;
    const std::uint64_t generation_;
    mutable std::mutex mutex_;
    phase phase_ = phase::open;
    message_line line_;
    asio::any_io_executor executor_;
    bool is_blocked_ = false;  // a thread waits without the mutex

private:
    void on_shutdown(asio::execution_context& context) noexcept final;
    void put_in_line(recv_operation& op);
    void end_waiting(finished_list& finished, const error_code& why);
    error_code try_arm(bool& is_ready) noexcept;
    outcome try_fetch(int& budget, finished_list& finished, incoming_message* direct) noexcept;
    outcome next_message(int& budget, finished_list& finished, incoming_message& out);
    void tell_faults_before(const error_code& ec, incoming_message& out);

    operation_queue<recv_operation> waiting_;
    operation_queue<recv_operation> granted_;
    bool is_registered_ = false;  // with the service of the executor's context
    std::uint64_t cancels_ = 0;   // of all operations
    // The last cancel of one operation that did not find it: it may be decoding what it took.
    std::uint64_t missed_id_ = 0;
    error_code missed_why_;

    std::atomic<std::uint64_t> faults_{0};
    std::atomic<bool> deliver_faults_{false};
    std::function<void(const fault&)> fault_handler_;
    std::deque<fault> untold_faults_;
    std::atomic<bool> has_untold_faults_{false};
};

}  // namespace strait::detail

#endif
