//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_LIB_PROCESS_CHILD_CORE_HPP
#define STRAIT_LIB_PROCESS_CHILD_CORE_HPP

#include "link/context_service.hpp"
#include "posix/child.hpp"
#include "posix/watch.hpp"

#include <strait/impl/process_core.hpp>

#include <boost/asio/steady_timer.hpp>

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

namespace strait::detail {

// A child process and those who wait for its end.
class child_core final : public process_core,
                         public context_client,
                         public std::enable_shared_from_this<child_core> {
public:
    child_core(bool ends_with_parent, const asio::any_io_executor& executor);
    ~child_core() override;

    // Once, before anybody else knows this object.
    void adopt(os::child c) noexcept { child_ = std::move(c); }

    void bind(const asio::any_io_executor& executor) override;
    asio::any_io_executor executor() const override;
    bool is_open() const noexcept override;
    std::int64_t id() const noexcept override;
    void cancel() noexcept override;
    void close() noexcept override;
    void start(wait_operation& op) override;
    void cancel(std::uint64_t id, const error_code& why) noexcept override;
    std::optional<exit_status> try_wait(error_code& ec) override;
    exit_status wait(const deadline& until, error_code& ec) override;
    void send_signal(int signal, error_code& ec) override;
    void ask_to_end(error_code& ec) override;
    void kill(error_code& ec) override;

private:
    using queue = operation_queue<wait_operation>;

    void on_shutdown(asio::execution_context& context) noexcept override;
    static void on_ready(const std::shared_ptr<void>& object);

    // With the mutex held; finish without it.
    error_code usable() const noexcept;
    std::optional<exit_status> ask(error_code& ec);
    void arm(error_code& ec);
    void disarm() noexcept;
    void settle(queue& finished);
    void ask_again_soon();
    template <class Function>
    void signal_by(Function send, error_code& ec);
    static void take_all(queue& from, const error_code& why, queue& to) noexcept;
    static void finish(queue& finished, completion how);

    const std::uint64_t generation_;
    const bool ends_with_parent_;

    mutable std::mutex mutex_;
    os::child child_;
    asio::any_io_executor executor_;
    bool is_registered_ = false;  // with the service of the executor's context
    queue waiting_;
    std::unique_ptr<os::watch> watch_;
    std::unique_ptr<asio::steady_timer> retry_;
};

}  // namespace strait::detail

#endif
