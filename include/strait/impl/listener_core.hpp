//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_IMPL_LISTENER_CORE_HPP
#define STRAIT_IMPL_LISTENER_CORE_HPP

#include <strait/detail/config.hpp>
#include <strait/detail/ends/end_operations.hpp>
#include <strait/endpoint.hpp>
#include <strait/listener_options.hpp>
#include <strait/peer.hpp>
#include <strait/receiver.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

namespace strait::detail {

// A client that shook hands: the channel from it, without its type. Or, if faults are delivered,
// what was wrong with one.
struct accepted_client {
    std::shared_ptr<receiver_core> channel;
    peer who;
    fault wrong;
};

// Waits for a client. It is *granted* one when one is at hand, which stays with the listener until
// the operation's final handler is about to be called.
class accept_operation : public operation {
public:
    enum class state { waiting, granted, over };
    state where = state::over;

protected:
    ~accept_operation() = default;
};

// A listener without its types. One thread or strand at a time, but for start, cancel and take of
// one operation.
class listener_core {
public:
    virtual ~listener_core() = default;

    virtual const endpoint& local_endpoint() const noexcept = 0;
    virtual void bind(const asio::any_io_executor& executor) = 0;
    virtual asio::any_io_executor executor() const = 0;
    virtual bool is_open() const noexcept = 0;

    virtual void cancel() noexcept = 0;
    virtual void close() noexcept = 0;

    // The operation is finished in any case.
    virtual void start(accept_operation& op) = 0;
    virtual void cancel(std::uint64_t id, const error_code& why) noexcept = 0;

    // On the operation's final executor, before its handler is called: what it was granted.
    virtual void take(accept_operation& op, accepted_client& out) = 0;

    // The operation will not be completed: its context is going away.
    virtual void forget(accept_operation& op) noexcept = 0;

    virtual error_code accept(accepted_client& out, const deadline& until) = 0;

    virtual std::uint64_t faults() const noexcept = 0;
    virtual void on_fault(std::function<void(const fault&, const peer&)> handler) = 0;
    virtual void deliver_faults(bool on) noexcept = 0;
};

// Listens. The executor may be empty.
STRAIT_DECL std::shared_ptr<listener_core> open_listener(const type_identity& type,
    const endpoint& at, const listener_options& options, const asio::any_io_executor& executor,
    error_code& ec);

template <class T, class Handler, class Executor>
class accept_handler_operation final
    : public handler_operation<accept_handler_operation<T, Handler, Executor>, accept_operation,
          listener_core, Handler, Executor> {
public:
    using base = typename accept_handler_operation::handler_operation;

    template <class H>
    accept_handler_operation(H&& handler, std::shared_ptr<listener_core> core,
        const Executor& io_executor, diagnostics* details)
        : base(std::forward<H>(handler), std::move(core), io_executor),
          io_executor_(io_executor),
          details_(details) {}

    ~accept_handler_operation() {
        if (this->core_ && this->where == accept_operation::state::granted)
            this->core_->forget(*this);
    }

    void start(timeout limit) {
        if (this->core_) return this->enqueue(limit);
        this->result = error::not_open;
        this->finish(completion::post);
    }

    // The client leaves the listener here and not before, so that whatever keeps this from being
    // called leaves it to the next accept.
    void run() {
        accepted_client client;
        if (this->core_) this->core_->take(*this, client);
        this->disconnect_slot();
        error_code ec = this->result;
        if (client.wrong.code) {
            ec = client.wrong.code;
            if (details_ != nullptr) *details_ = std::move(client.wrong.details);
        }
        basic_receiver<T, Executor> messages(std::move(client.channel), io_executor_);
        Handler handler = this->release();
        std::move(handler)(ec, std::move(messages), std::move(client.who));
    }

private:
    const Executor io_executor_;
    diagnostics* const details_;
};

template <class T, class Executor>
class initiate_accept : public end_initiation<Executor> {
public:
    initiate_accept(std::shared_ptr<listener_core> core, Executor executor)
        : end_initiation<Executor>(std::move(executor)), core_(std::move(core)) {}

    template <class Handler>
    void operator()(Handler&& handler, timeout limit, diagnostics* details) const {
        require_executor(handler, this->executor_);
        using op_type = accept_handler_operation<T, std::decay_t<Handler>, Executor>;
        op_type::make(std::forward<Handler>(handler), core_, this->executor_, details)
            ->start(limit);
    }

private:
    std::shared_ptr<listener_core> core_;
};

}  // namespace strait::detail

#endif
