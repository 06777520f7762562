//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_DETAIL_ENDS_BATCHES_HPP
#define STRAIT_DETAIL_ENDS_BATCHES_HPP

#include <strait/detail/codec/overwritten.hpp>
#include <strait/detail/ends/end_operations.hpp>
#include <strait/detail/link/batch.hpp>

#include <boost/asio/error.hpp>

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <ranges>
#include <span>
#include <type_traits>
#include <utility>

// Many values by one operation.

namespace strait::detail {

// A range of values that a sender of T sends.
template <class R, class T>
concept batch_of = std::ranges::input_range<R> &&
                   std::same_as<std::remove_cvref_t<std::ranges::range_reference_t<R>>, T>;

// What becomes of what the values carry, by how the range was given: R is deduced, a reference for an
// lvalue. A container that is given up gives up its values, a view refers to somebody else's.
template <class R>
constexpr ownership batch_mode(ownership of_lvalues) {
    using element = std::ranges::range_reference_t<R>;
    if constexpr (std::is_const_v<std::remove_reference_t<element>>)
        return ownership::copy;
    else if constexpr (!std::is_reference_v<element> ||
                       (!std::is_lvalue_reference_v<R> && !std::ranges::view<R>))
        return ownership::consume;
    else
        return of_lvalues;
}

// Encodes and adds one value after the other, up to the first that fails.
template <class Batch, class R>
error_code add_all(sender_core& through, R& values, ownership mode, Batch& to) {
    for (auto&& value : values) {
        outgoing_message& one = to.next(mode);
        error_code ec = make_message(one, [&] {
            encode_into(through, value, one);
            return error_code();
        });
        if (!ec) ec = to.add();
        if (ec) return ec;
    }
    return {};
}

// Blocking, or as far as that takes no waiting. How many were sent; those before a value that could
// not be are.
template <class R>
std::size_t send_batch(
    sender_core& through, R& values, ownership mode, bool may_wait, error_code& ec) {
    batch_writer to(through, may_wait);
    ec = add_all(through, values, mode, to);
    const error_code last = to.flush();
    if (last && !ec) ec = last;
    return to.values_sent();
}

// void(error_code, std::size_t)
template <class Handler, class Executor>
class batch_operation final
    : public handler_operation<batch_operation<Handler, Executor>, send_operation, sender_core,
          Handler, Executor> {
public:
    using base = typename batch_operation::handler_operation;

    template <class H>
    batch_operation(H&& handler, std::shared_ptr<sender_core> core, const Executor& io_executor)
        : base(std::forward<H>(handler), std::move(core), io_executor),
          messages_(this->core_.get()) {}

    template <class R>
    void start(R& values, ownership mode) {
        this->result = error::not_open;
        if (this->core_) this->result = add_all(*this->core_, values, mode, messages_);
        if (this->result || messages_.first() == nullptr) return this->finish(completion::post);
        this->begin_with(*messages_.first());
        this->enqueue({});
    }

    void run() {
        this->disconnect_slot();
        const error_code ec = this->result;
        const std::size_t sent = this->values_sent();
        Handler handler = this->release();
        std::move(handler)(ec, sent);
    }

private:
    outgoing_batch messages_;
};

template <class Executor>
class initiate_batch : public end_initiation<Executor> {
public:
    initiate_batch(std::shared_ptr<sender_core> core, Executor executor)
        : end_initiation<Executor>(std::move(executor)), core_(std::move(core)) {}

    // Values, or a pointer to a range that lives until here.
    template <class Handler, class Values>
    void operator()(Handler&& handler, Values&& values, ownership mode) const {
        require_executor(handler, this->executor_);
        using op_type = batch_operation<std::decay_t<Handler>, Executor>;
        op_type* op = op_type::make(std::forward<Handler>(handler), core_, this->executor_);
        if constexpr (std::is_pointer_v<std::decay_t<Values>>)
            op->start(*values, mode);
        else
            op->start(values, mode);
    }

private:
    std::shared_ptr<sender_core> core_;
};

// Before a value that was used is decoded into again. Where decoding is known to leave nothing of it, it
// stays, and with it its memory.
template <class T>
void prepare_value(T& value) {
    if constexpr (!is_overwritten<T>) value = make_value<T>();
}

// What does not decode leaves a new value.
template <class T>
error_code decode_or_reset(const std::shared_ptr<receiver_core>& from, incoming_message& message,
    T& value, diagnostics& details) {
    const error_code ec = decode_message(from, message, value, details);
    if (ec) value = make_value<T>();
    return ec;
}

// Takes what is at hand into the places behind the first, without waiting and without asking the
// system for more. What is wrong with a message ends it.
template <class T>
std::size_t take_more(const std::shared_ptr<receiver_core>& from, std::span<T> into,
    std::size_t taken, std::optional<fault>& wrong) {
    std::array<incoming_message, 8> messages;
    diagnostics details;
    while (taken != into.size()) {
        const std::size_t wanted = std::min(messages.size(), into.size() - taken);
        const std::size_t n = from->take_more(std::span(messages).first(wanted));
        for (std::size_t i = 0; i != n; ++i, ++taken) {
            prepare_value(into[taken]);
            const error_code ec = decode_or_reset(from, messages[i], into[taken], details);
            if (!ec) continue;
            wrong = fault{ec, std::move(details)};
            for (std::size_t k = n; --k != i;) from->put_back(std::move(messages[k]));
            return taken;
        }
        if (n != wanted) break;
    }
    return taken;
}

// void(error_code, std::size_t)
template <class T>
class several_target {
public:
    explicit several_target(std::span<T> into) noexcept : into_(into) {}

    // Nothing fits, so that nothing is waited for.
    error_code usable() const noexcept {
        return into_.empty() ? asio::error::invalid_argument : error_code();
    }

    void prepare() {
        if (!into_.empty()) prepare_value(into_.front());
    }

    error_code accept(
        const std::shared_ptr<receiver_core>& from, incoming_message& message, diagnostics& why) {
        if (error_code ec = decode_or_reset(from, message, into_.front(), why)) return ec;
        taken_ = take_more(from, into_, 1, wrong_);
        if (wrong_) from_ = from;
        return {};
    }

    template <class Handler>
    void complete(Handler& handler, error_code ec) {
        // A fault handler that throws keeps no values from theirs.
        std::exception_ptr thrown;
        try {
            if (wrong_ && from_->report(*wrong_)) ec = wrong_->code;
        } catch (...) {
            thrown = std::current_exception();
        }
        std::move(handler)(ec, taken_);
        if (thrown) std::rethrow_exception(thrown);
    }

private:
    std::span<T> into_;
    std::size_t taken_ = 0;
    std::optional<fault> wrong_;
    std::shared_ptr<receiver_core> from_;  // if something is
};

}  // namespace strait::detail

#endif
