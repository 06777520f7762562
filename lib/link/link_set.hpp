//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_LIB_LINK_LINK_SET_HPP
#define STRAIT_LIB_LINK_LINK_SET_HPP

#include "link/context_service.hpp"
#include "posix/poller.hpp"
#include "posix/stream.hpp"

#include <strait/detail/link/set_core.hpp>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/container/small_vector.hpp>

#include <atomic>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <vector>

namespace strait::detail {

// A set of receivers over one poller of its own, inside which those of its members lie. A member that
// may have something is *listed*; the list goes round, and each member gives a few messages in its
// turn, so that one that floods holds up no other.
//
// All of it belongs to the mutex, since a select takes its events on the executor of its handler;
// but for the wait of a blocking call, during which nobody else takes or waits.
class link_set final : public set_core,
                       public set_host,
                       public context_client,
                       public std::enable_shared_from_this<link_set> {
public:
    explicit link_set(const asio::any_io_executor& executor);
    ~link_set() override;

    void bind(const asio::any_io_executor& executor) override;
    asio::any_io_executor executor() const override;
    bool is_open() const noexcept override;
    void cancel() noexcept override;
    void close() noexcept override;
    std::uint64_t add(const std::shared_ptr<receiver_core>& member, error_code& ec) override;
    std::shared_ptr<receiver_core> remove(std::uint64_t id, error_code& ec) override;
    std::shared_ptr<receiver_core> find(std::uint64_t id) const noexcept override;
    std::size_t size() const noexcept override;
    void start(select_operation& op) override;
    void cancel(std::uint64_t id, const error_code& why) noexcept override;
    bool take(select_operation& op, std::vector<raw_event>& out) override;
    void forget(select_operation& op) noexcept override;
    error_code select(std::vector<raw_event>& out, const deadline& until) override;
    error_code try_select(std::vector<raw_event>& out) override;

    os::poller& poller() noexcept override { return poller_; }
    error_code accept_notices() override;
    void notify(std::uint32_t n) noexcept override;

private:
    using number = os::poller::stream_id;
    using queue = operation_queue<select_operation>;
    using finished_list = boost::container::small_vector<select_operation*, 4>;
    using core_list = std::vector<std::shared_ptr<receiver_core>>;

    struct member {
        std::uint64_t id = 0;
        std::shared_ptr<receiver_core> core;
        bool is_listed = false;
    };

    void on_shutdown(asio::execution_context& context) noexcept override;
    static void on_ready(const std::shared_ptr<void>& object);

    bool is_forked() const noexcept;

    // With the mutex held.
    error_code usable() const noexcept;
    void list(number n);
    void list_noticed();
    error_code collect(std::vector<raw_event>& out, core_list& faulty);
    bool collect_from(number n, std::vector<raw_event>& out, core_list& faulty);
    void settle(const std::vector<raw_event>& given);
    void put_back(std::vector<raw_event>& events);
    void drop(number n) noexcept;
    void grant(finished_list& finished, bool is_ready = false);
    error_code arm();
    void disarm() noexcept;
    void abort_all(finished_list& finished) noexcept;
    void abort_granted() noexcept;
    static void take_all(queue& from, const error_code& why, finished_list& to) noexcept;

    // Without it.
    error_code conclude(
        std::vector<raw_event>& out, const core_list& faulty, const error_code& looked);
    error_code block(std::int64_t timeout_ns);
    static void finish(finished_list& finished, completion how);

    const std::uint64_t generation_;

    mutable std::mutex mutex_;
    bool open_ = true;
    std::unordered_map<number, member> members_;
    std::unordered_map<std::uint64_t, number> numbers_;
    std::deque<number> listed_;
    std::uint64_t last_id_ = 0;
    number last_number_ = 0;
    std::vector<number> ready_;
    os::poller poller_;
    queue waiting_;
    queue granted_;
    asio::any_io_executor executor_;
    bool is_registered_ = false;  // with the service of the executor's context
    bool is_armed_ = false;       // the poller will call back
    bool is_blocked_ = false;     // a thread waits without the mutex
    std::optional<asio::executor_work_guard<asio::any_io_executor>> idle_work_;

    // Members that no poller tells of tell it themselves, from any thread.
    std::mutex notices_mutex_;
    std::vector<number> noticed_;
    bool all_noticed_ = false;  // there was no memory to say which
    os::wake_event wake_;
};

}  // namespace strait::detail

#endif
