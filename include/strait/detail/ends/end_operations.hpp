//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_DETAIL_ENDS_END_OPERATIONS_HPP
#define STRAIT_DETAIL_ENDS_END_OPERATIONS_HPP

#include <strait/detail/deadline.hpp>
#include <strait/detail/ends/typed_message.hpp>
#include <strait/detail/link/handler_operation.hpp>

#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

// The asynchronous operations of the typed ends.

namespace strait::detail {

template <class Handler, class Executor>
void require_executor(const Handler& handler, const Executor& io_executor) {
    bool ready = has_executor(io_executor);
    // Boost 1.81: asking any_completion_handler while the other executor is empty leaks.
    if constexpr (can_post<asio::associated_executor_t<Handler, Executor>>)
        ready = has_executor(asio::get_associated_executor(handler, io_executor));
    if (!ready) throw system_error(error::not_bound);
}

template <class Handler, class Executor>
class send_handler_operation final
    : public handler_operation<send_handler_operation<Handler, Executor>, send_operation,
          sender_core, Handler, Executor> {
public:
    using base = typename send_handler_operation::handler_operation;

    template <class H>
    send_handler_operation(
        H&& handler, std::shared_ptr<sender_core> core, const Executor& io_executor)
        : base(std::forward<H>(handler), std::move(core), io_executor) {
        this->begin_with(message_);
    }

    // Encodes and starts; always completes, in the end by run().
    template <class T>
    void start(const T& value, ownership mode, timeout limit) {
        this->result = error::not_open;
        if (this->core_)
            this->result = encode_message(*this->core_, value, mode, limit.has_value(), message_);
        if (this->result) return this->finish(completion::post);
        this->enqueue(limit);
    }

    void run() {
        this->disconnect_slot();
        const error_code ec = this->result;
        keep_buffer(message_.take_buffer());
        Handler handler = this->release();
        std::move(handler)(ec);
    }

private:
    outgoing_message message_;
};

// Keeps the value, and gives it back when it was not sent.
template <class T, class Handler, class Executor>
class returning_send_operation final
    : public handler_operation<returning_send_operation<T, Handler, Executor>, send_operation,
          sender_core, Handler, Executor> {
public:
    using base = typename returning_send_operation::handler_operation;

    template <class H>
    returning_send_operation(
        H&& handler, std::shared_ptr<sender_core> core, const Executor& io_executor, T&& value)
        : base(std::forward<H>(handler), std::move(core), io_executor), value_(std::move(value)) {
        this->begin_with(message_);
    }

    void start() {
        this->result = error::not_open;
        if (this->core_)
            this->result = encode_message(*this->core_, value_, ownership::lend, false, message_);
        if (this->result) return this->finish(completion::post);
        this->enqueue({});
    }

    void run() {
        this->disconnect_slot();
        const error_code ec = this->result;
        std::optional<T> back;
        if (ec) back.emplace(std::move(value_));
        Handler handler = this->release();
        std::move(handler)(ec, std::move(back));
    }

private:
    T value_;
    outgoing_message message_;  // refers to value_, and goes before it
};

// What a receive does with its message and how it calls its handler. A target is told to `prepare`
// before a message leaves the line, and to `accept` it, perhaps several until one is of use; in the
// end to `complete`.

// void(error_code, T)
template <class T>
class value_target {
public:
    void prepare() { value_.emplace(make_value<T>()); }

    error_code accept(
        const std::shared_ptr<receiver_core>& from, incoming_message& message, diagnostics& why) {
        const error_code ec = decode_message(from, message, *value_, why);
        if (ec) prepare();
        return ec;
    }

    template <class Handler>
    void complete(Handler& handler, const error_code& ec) {
        if (!value_) prepare();  // it is there always, which g++ 12 does not see
        std::move(handler)(ec, std::move(*value_));
    }

protected:
    std::optional<T> value_;
};

// void(error_code, std::optional<T>): the end of the channel is no error but an empty optional.
template <class T>
class next_target : public value_target<T> {
public:
    template <class Handler>
    void complete(Handler& handler, error_code ec) {
        if (ec) this->value_.reset();
        if (ec == asio::error::eof) ec.clear();
        std::move(handler)(ec, std::move(this->value_));
    }
};

template <class Target, class Handler, class Executor>
class recv_handler_operation final
    : public handler_operation<recv_handler_operation<Target, Handler, Executor>, recv_operation,
          receiver_core, Handler, Executor> {
public:
    using base = typename recv_handler_operation::handler_operation;

    template <class H>
    recv_handler_operation(H&& handler, std::shared_ptr<receiver_core> core,
        const Executor& io_executor, Target target)
        : base(std::forward<H>(handler), std::move(core), io_executor),
          target_(std::move(target)) {}

    ~recv_handler_operation() {
        if (this->core_ && this->where == recv_operation::state::granted)
            this->core_->forget(*this);
    }

    void start(timeout limit) {
        this->result = this->core_ ? error_code() : error::not_open;
        if constexpr (requires { target_.usable(); })
            if (!this->result) this->result = target_.usable();
        if (!this->result) return this->enqueue(limit);
        this->where = recv_operation::state::over;
        this->finish(completion::post);
    }

    // The message leaves the inbox here and not before, so that whatever keeps this from being
    // called leaves it to the next receive.
    void run() {
        error_code ec;
        {
            guard unless_done{this};
            incoming_message message;
            target_.prepare();
            if (this->core_ && !this->core_->take(*this, message)) return unless_done.dismiss();
            ec = this->result;
            if (!ec && this->core_) {
                diagnostics details;
                ec = target_.accept(this->core_, message, details);
                if (is_fault(ec) && !deliver_fault({ec, std::move(details)}, unless_done)) {
                    unless_done.dismiss();
                    return this->core_->restart(*this);
                }
            }
            unless_done.dismiss();
        }
        this->disconnect_slot();
        Target target = std::move(target_);
        Handler handler = this->release();
        target.complete(handler, ec);
    }

private:
    // Frees the operation when the user's code throws out of it.
    struct guard {
        recv_handler_operation* op;
        void dismiss() noexcept { op = nullptr; }
        ~guard() {
            if (op != nullptr) op->abandon();
        }
    };

    // Whether the fault is for the handler. A fault handler may throw, out of here: the operation
    // waits for the next message all the same.
    bool deliver_fault(const fault& f, guard& unless_done) {
        try {
            return this->core_->report(f);
        } catch (...) {
            unless_done.dismiss();
            this->core_->restart(*this);
            throw;
        }
    }

    Target target_;
};

// Initiations hold what they need by value: the end may be moved before they are called.

template <class Executor>
class end_initiation {
public:
    using executor_type = Executor;
    executor_type get_executor() const noexcept { return executor_; }

protected:
    explicit end_initiation(Executor executor) : executor_(std::move(executor)) {}
    ~end_initiation() = default;

    Executor executor_;
};

template <class Executor>
class initiate_send : public end_initiation<Executor> {
public:
    initiate_send(std::shared_ptr<sender_core> core, Executor executor)
        : end_initiation<Executor>(std::move(executor)), core_(std::move(core)) {}

    // A value is consumed; a pointer is to an lvalue that lives until here.
    template <class Handler, class Value>
    void operator()(Handler&& handler, Value&& value, timeout limit) const {
        require_executor(handler, this->executor_);
        using op_type = send_handler_operation<std::decay_t<Handler>, Executor>;
        op_type* op =
            op_type::make(std::forward<Handler>(handler), core_, this->executor_);
        if constexpr (!std::is_pointer_v<std::decay_t<Value>>)
            op->start(value, ownership::consume, limit);
        else if constexpr (std::is_const_v<std::remove_pointer_t<std::decay_t<Value>>>)
            op->start(*value, ownership::copy, limit);
        else
            op->start(*value, ownership::share, limit);
    }

private:
    std::shared_ptr<sender_core> core_;
};

template <class Executor>
class initiate_send_or_return : public end_initiation<Executor> {
public:
    initiate_send_or_return(std::shared_ptr<sender_core> core, Executor executor)
        : end_initiation<Executor>(std::move(executor)), core_(std::move(core)) {}

    template <class Handler, class T>
    void operator()(Handler&& handler, T&& value) const {
        require_executor(handler, this->executor_);
        using op_type =
            returning_send_operation<std::decay_t<T>, std::decay_t<Handler>, Executor>;
        op_type::make(
            std::forward<Handler>(handler), core_, this->executor_, std::forward<T>(value))
            ->start();
    }

private:
    std::shared_ptr<sender_core> core_;
};

template <class Executor>
class initiate_recv : public end_initiation<Executor> {
public:
    initiate_recv(std::shared_ptr<receiver_core> core, Executor executor)
        : end_initiation<Executor>(std::move(executor)), core_(std::move(core)) {}

    template <class Handler, class Target>
    void operator()(Handler&& handler, timeout limit, Target target) const {
        require_executor(handler, this->executor_);
        using op_type = recv_handler_operation<Target, std::decay_t<Handler>, Executor>;
        op_type::make(
            std::forward<Handler>(handler), core_, this->executor_, std::move(target))
            ->start(limit);
    }

private:
    std::shared_ptr<receiver_core> core_;
};

}  // namespace strait::detail

#endif
