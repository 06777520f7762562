//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_LIB_LINK_LINK_RECEIVER_HPP
#define STRAIT_LIB_LINK_LINK_RECEIVER_HPP

#include "link/cargo.hpp"
#include "link/context_service.hpp"
#include "link/inbox.hpp"
#include "posix/poller.hpp"

#include <strait/detail/link/cores.hpp>

#include <boost/container/small_vector.hpp>

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

namespace strait::detail {

// A receiver over its links. It reads only while somebody wants a message.
//
// Messages pass three places: the inbox merges the links, the line holds what was given out by it,
// in order, and an operation takes from the line when its final handler is about to be called. An
// operation for which a message is in the line is granted; until it takes, the message can still go
// to another.
class link_receiver final : public receiver_core,
                            public context_client,
                            public std::enable_shared_from_this<link_receiver> {
public:
    link_receiver(channel_identity identity, const asio::any_io_executor& executor);
    ~link_receiver() override;

    // Throws system_error when the cargo is not fit.
    static std::shared_ptr<link_receiver> make(
        channel_identity identity, cargo load, const asio::any_io_executor& executor);

    // The first link of a new channel.
    error_code add_first(handle stream);

    // A link for a sender that leaves this process. False: use an adopt frame, because the receiver
    // has moved, or somebody waits for what it has.
    bool adopt_here(handle& stream, lease_source::target_id target, std::uint32_t lease);

    // The number of a link that was given to that target and is parked: it is in use again. 0: there
    // is none. And the same back.
    std::uint32_t take_up(lease_source::target_id target);
    void give_back(lease_source::target_id target, std::uint32_t lease) noexcept;

    const channel_identity& identity() const noexcept override { return identity_; }
    void bind(const asio::any_io_executor& executor) override;
    asio::any_io_executor executor() const override;
    bool is_open() const noexcept override;
    void cancel() noexcept override;
    void close() noexcept override;
    void start(recv_operation& op) override;
    void cancel(std::uint64_t id, const error_code& why) noexcept override;
    bool take(recv_operation& op, incoming_message& out) override;
    void restart(recv_operation& op) override;
    void forget(recv_operation& op) noexcept override;
    error_code recv(incoming_message& out, const deadline& until) override;
    error_code try_recv(incoming_message& out) override;
    error_code try_take(incoming_message& out, bool look) override;
    void put_back(incoming_message message) override;
    error_code join_set(os::poller* outer, std::uint32_t number) override;
    bool report(const fault& f) override;
    std::uint64_t faults() const noexcept override { return faults_.load(); }
    void on_fault(std::function<void(const fault&)> handler) override;
    void deliver_faults(bool on) noexcept override { deliver_faults_.store(on); }
    bool has_untold_faults() const noexcept override {
        return has_untold_faults_.load(std::memory_order_relaxed);
    }
    void tell_faults() override;
    void tell_faults_later() override;
    std::unique_ptr<cargo> freeze(error_code& ec) override;
    void thaw(std::unique_ptr<cargo> load) noexcept override;

private:
    enum class phase { open, moved, closed };
    enum class outcome { message, given, nothing, ended, enough };
    using finished_list = boost::container::small_vector<recv_operation*, 4>;

    void on_shutdown(asio::execution_context& context) noexcept override;
    static void on_ready(const std::shared_ptr<void>& object);

    // With the mutex held.
    bool is_forked() const noexcept;
    error_code usable() const noexcept;
    outcome fetch(int& budget, incoming_message* direct = nullptr);
    void read_link(inbox::link& l);
    void accept_read(inbox::link_id id, const os::io_result& io, std::size_t room);
    void look();
    void process_news();
    void adopt(inbox::adoption a);
    bool greet(const handle& stream) noexcept;
    void add_fault(const error_code& code);
    error_code restore(cargo load, bool check);
    void pump(finished_list& finished);
    error_code arm();
    void disarm() noexcept;
    void abort_all(finished_list& finished, const error_code& why);
    void wait_readable(std::unique_lock<std::mutex>& lock, const deadline& until);
    outcome next_message(int& budget, incoming_message& out);

    // Without it.
    static void finish(finished_list& finished, completion how);
    void tell_faults_before(const error_code& ec, incoming_message& out);

    const channel_identity identity_;
    const std::uint64_t generation_;

    mutable std::mutex mutex_;
    phase phase_ = phase::open;
    inbox box_;
    os::poller poller_;
    std::deque<incoming_message> line_;
    operation_queue<recv_operation> waiting_;
    operation_queue<recv_operation> granted_;
    asio::any_io_executor executor_;
    bool is_registered_ = false;  // with the service of the executor's context
    bool is_armed_ = false;       // the poller will call back
    bool is_blocked_ = false;     // a thread waits without the mutex
    std::uint64_t cancels_ = 0;   // of all operations
    // The last cancel of one operation that did not find it: it may be decoding what it took.
    std::uint64_t missed_id_ = 0;
    error_code missed_why_;
    os::poller* set_ = nullptr;   // of the set that it is in
    std::vector<inbox::link_id> ready_;
    std::vector<os::handle_batch> batches_;

    std::atomic<std::uint64_t> faults_{0};
    std::atomic<bool> deliver_faults_{false};
    std::function<void(const fault&)> fault_handler_;
    std::deque<fault> untold_faults_;
    std::atomic<bool> has_untold_faults_{false};
};

}  // namespace strait::detail

#endif
