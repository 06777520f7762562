//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_LIB_NAMES_LOCAL_LISTENER_HPP
#define STRAIT_LIB_NAMES_LOCAL_LISTENER_HPP

#include "link/context_service.hpp"
#include "names/hello.hpp"
#include "posix/local_socket.hpp"
#include "posix/poller.hpp"

#include <strait/impl/listener_core.hpp>

#include <boost/asio/steady_timer.hpp>
#include <boost/container/small_vector.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace strait::detail {

// A listener over a local socket. It accepts, reads and answers only while somebody wants a client,
// and does so on its executor or in the thread that blocks in it, never from within async_accept.
//
// A connection passes three places: the queue of the system, the handshakes, and the line of clients
// that were answered. The peer is judged on the way to the second.
class local_listener final : public listener_core,
                             public context_client,
                             public std::enable_shared_from_this<local_listener> {
public:
    local_listener(os::listening_socket socket, const endpoint& at, const type_identity& type,
        const listener_options& options, const asio::any_io_executor& executor);
    ~local_listener() override;

    // The first step; the listener is of no use when it fails.
    error_code prepare();

    const endpoint& local_endpoint() const noexcept override { return at_; }
    void bind(const asio::any_io_executor& executor) override;
    asio::any_io_executor executor() const override;
    bool is_open() const noexcept override;
    void cancel() noexcept override;
    void close() noexcept override;
    void start(accept_operation& op) override;
    void cancel(std::uint64_t id, const error_code& why) noexcept override;
    void take(accept_operation& op, accepted_client& out) override;
    void forget(accept_operation& op) noexcept override;
    error_code accept(accepted_client& out, const deadline& until) override;
    std::uint64_t faults() const noexcept override { return faults_.load(); }
    void on_fault(std::function<void(const fault&, const peer&)> handler) override;
    void deliver_faults(bool on) noexcept override { deliver_faults_.store(on); }

private:
    using clock = std::chrono::steady_clock;
    using queue = operation_queue<accept_operation>;
    using finished_list = boost::container::small_vector<accept_operation*, 4>;

    struct handshake {
        os::poller::stream_id id = 0;
        handle stream;
        peer who;
        clock::time_point until;
        greeting_reader reader;
    };
    using place = std::list<handshake>::iterator;

    struct untold_fault {
        fault what;
        peer who;
    };

    void on_shutdown(asio::execution_context& context) noexcept override;
    static void on_ready(const std::shared_ptr<void>& object);

    // With the mutex held; work lets go of it while it waits, and while the policy is asked.
    bool is_forked() const noexcept;
    error_code usable() const noexcept;
    bool is_wanted() const noexcept;
    void work(std::unique_lock<std::mutex>& lock, std::int64_t timeout_ns);
    void read_handshakes();
    void accept_connections(std::unique_lock<std::mutex>& lock);
    void pause_accepting(const error_code& why);
    void resume_accepting();
    void admit(handle stream, peer who);
    bool is_over(handshake& h);
    void settle(handshake& h);
    void drop(place at);
    void drop_late();
    void add_fault(const error_code& code, diagnostics details, const peer& who);
    std::optional<clock::time_point> next_time() const noexcept;
    std::int64_t longest_wait(const deadline& until) const noexcept;
    void grant(finished_list& finished);
    void rest(finished_list& finished);
    error_code arm();
    void disarm() noexcept;
    void abort_waiting(finished_list& finished, const error_code& why);
    void close_in_fork() noexcept;

    // Without it.
    bool allows(const peer& who) const noexcept;
    void answer(const handle& stream, answer_code what) const noexcept;
    void run_on_executor();
    void tell_faults();
    static void finish(finished_list& finished, completion how);

    const endpoint at_;
    const listener_options options_;
    const std::uint64_t generation_;
    channel_identity identity_;

    mutable std::mutex mutex_;
    os::listening_socket socket_;
    os::poller poller_;
    std::list<handshake> handshakes_;  // the one that began first is first
    os::poller::stream_id last_id_ = 0;
    std::deque<accepted_client> line_;
    queue waiting_;
    queue granted_;
    error_code broken_;  // accepting fails for good
    asio::any_io_executor executor_;
    std::unique_ptr<asio::steady_timer> timer_;
    std::optional<clock::time_point> paused_until_;
    bool is_registered_ = false;  // with the service of the executor's context
    bool is_armed_ = false;       // the poller will call back
    bool is_working_ = false;     // a thread is in work, or blocked in accept
    bool is_blocked_ = false;     // the latter, and wants a client
    std::vector<os::poller::stream_id> ready_;

    std::atomic<std::uint64_t> faults_{0};
    std::atomic<bool> deliver_faults_{false};
    std::function<void(const fault&, const peer&)> fault_handler_;
    std::vector<untold_fault> untold_;
};

}  // namespace strait::detail

#endif
