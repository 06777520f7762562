//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_LIB_NAMES_CONNECTING_HPP
#define STRAIT_LIB_NAMES_CONNECTING_HPP

#include "link/context_service.hpp"
#include "names/connect_steps.hpp"
#include "posix/watch.hpp"

#include <strait/impl/connect_core.hpp>

#include <boost/asio/steady_timer.hpp>

#include <memory>
#include <mutex>

namespace strait::detail {

// Drives the steps of one asynchronous connect.
class connecting final : public connect_core,
                         public context_client,
                         public std::enable_shared_from_this<connecting> {
public:
    connecting(
        const type_identity& type, const endpoint& at, const asio::any_io_executor& executor);

    asio::any_io_executor executor() const override { return executor_; }
    void start(connect_operation& op) override;
    void cancel(std::uint64_t id, const error_code& why) noexcept override;

private:
    void on_shutdown(asio::execution_context& context) noexcept override;
    static void on_ready(const std::shared_ptr<void>& object);
    void go_on(completion how);

    // With the mutex held. True when it has come to an end.
    bool step();
    error_code wait_for(connect_steps::action next);
    void stop() noexcept;

    const asio::any_io_executor executor_;

    std::mutex mutex_;
    connect_steps steps_;
    connect_operation* op_ = nullptr;  // until it is over
    std::unique_ptr<os::watch> watch_;  // on the stream of the steps
    std::unique_ptr<asio::steady_timer> timer_;
};

}  // namespace strait::detail

#endif
