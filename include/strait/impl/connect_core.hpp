//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_IMPL_CONNECT_CORE_HPP
#define STRAIT_IMPL_CONNECT_CORE_HPP

#include <strait/detail/config.hpp>
#include <strait/detail/ends/end_operations.hpp>
#include <strait/endpoint.hpp>
#include <strait/sender.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <cstdint>
#include <memory>
#include <utility>

namespace strait::detail {

// Waits until a listener has answered.
class connect_operation : public operation {
public:
    std::shared_ptr<sender_core> channel;
    diagnostics details;

protected:
    ~connect_operation() = default;
};

// One attempt to connect. start and cancel on any thread.
class connect_core {
public:
    virtual ~connect_core() = default;

    virtual asio::any_io_executor executor() const = 0;

    // Once. The operation is finished in any case.
    virtual void start(connect_operation& op) = 0;
    virtual void cancel(std::uint64_t id, const error_code& why) noexcept = 0;
};

STRAIT_DECL std::shared_ptr<connect_core> make_connect_core(
    const type_identity& type, const endpoint& at, const asio::any_io_executor& executor);

// Blocks. The executor, that of the sender, may be empty.
STRAIT_DECL std::shared_ptr<sender_core> connect_now(const type_identity& type, const endpoint& at,
    const asio::any_io_executor& executor, const deadline& until, error_code& ec,
    diagnostics& details);

// Throws system_error, whose text names the endpoint and both sides of a disagreement.
[[noreturn]] STRAIT_DECL void throw_connect_error(
    const endpoint& at, const error_code& ec, const diagnostics& details);

template <class T, class Handler>
class connect_handler_operation final
    : public handler_operation<connect_handler_operation<T, Handler>, connect_operation,
          connect_core, Handler, asio::any_io_executor> {
public:
    using base = typename connect_handler_operation::handler_operation;

    template <class H>
    connect_handler_operation(H&& handler, std::shared_ptr<connect_core> core,
        const asio::any_io_executor& executor, diagnostics* details_to)
        : base(std::forward<H>(handler), std::move(core), executor),
          executor_(executor),
          details_to_(details_to) {}

    void start(timeout limit) { this->enqueue(limit); }

    void run() {
        this->disconnect_slot();
        const error_code ec = this->result;
        if (ec && details_to_ != nullptr) *details_to_ = std::move(this->details);
        sender<T> end(std::move(this->channel), executor_);
        Handler handler = this->release();
        std::move(handler)(ec, std::move(end));
    }

private:
    const asio::any_io_executor executor_;
    diagnostics* const details_to_;
};

template <class T>
class initiate_connect : public end_initiation<asio::any_io_executor> {
public:
    using end_initiation<asio::any_io_executor>::end_initiation;
    explicit initiate_connect(asio::any_io_executor executor)
        : end_initiation<asio::any_io_executor>(std::move(executor)) {}

    template <class Handler>
    void operator()(
        Handler&& handler, const endpoint& at, timeout limit, diagnostics* details) const {
        require_executor(handler, this->executor_);
        using op_type = connect_handler_operation<T, std::decay_t<Handler>>;
        op_type::make(std::forward<Handler>(handler),
            make_connect_core(identity_of<T>(), at, this->executor_), this->executor_, details)
            ->start(limit);
    }
};

}  // namespace strait::detail

#endif
