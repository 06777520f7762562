//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_SENDER_HPP
#define STRAIT_SENDER_HPP

#include <strait/detail/ends/allocate_operation.hpp>
#include <strait/detail/ends/batches.hpp>
#include <strait/detail/ends/bytes_view.hpp>
#include <strait/detail/ends/default_token.hpp>
#include <strait/detail/ends/end_operations.hpp>
#include <strait/loan.hpp>

#include <boost/asio/async_result.hpp>
#include <boost/asio/execution_context.hpp>

#include <chrono>
#include <concepts>
#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>

namespace strait {

/// A sending end of a channel of `T`.
///
/// A channel is a first-in first-out queue with any number of senders and one receiver. A copy of
/// a sender is one more sender of the same channel. A sender that is a member of a message becomes
/// one more sender in the process that receives it; the original stays usable.
///
/// *Order.* Messages sent through a sender and its copies in one process arrive in the order in which
/// the sends began. Across processes, a message whose send had completed before another send
/// began arrives first.
///
/// *Handed over.* A send that has completed has left this process: the message will be received
/// even if this process is killed the next instant, as long as the receiver lives and can take it.
///
/// *Full.* What a channel holds is bounded in bytes, by the socket buffers of the system and, for
/// large values, by `limits::max_pool_bytes`. When it is full `send` blocks, `async_send` waits and `try_send` reports `asio::error::would_block`.
///
/// *End.* When the receiver is gone a send fails with `asio::error::broken_pipe`: the first one
/// after that, or a later one. No signal is raised.
///
/// *Executor.* A sender without an executor is *unbound*: blocking and `try_` operations work, and
/// asynchronous ones need `bind` first. An end that is decoded from a message gets the executor of
/// the receiver that it came through.
///
/// *What is sent.* A value given as rvalue is consumed: if the send fails, what it carried is
/// closed. Out of an lvalue, blocking sends take handles and receivers only when they succeed;
/// `async_send` duplicates handles and takes receivers, which come back if it fails. A `const`
/// value is copied: handles are duplicated, and a receiver in it is refused with
/// `error::not_movable`. Senders are always copied.
///
/// *Thread safety.* Distinct and shared objects: safe, but for assignment, move, `bind` and
/// destruction, which need the object alone.
///
/// *After fork.* In a child made by `fork` without `exec` every operation fails with
/// `error::owner_changed`; closing and destruction work.
template <class T, class Executor = boost::asio::any_io_executor>
class basic_sender {
public:
    using executor_type = Executor;
    using value_type = T;

    /// The same sender on another type of executor.
    template <class OtherExecutor>
    struct rebind_executor {
        using other = basic_sender<T, OtherExecutor>;
    };

    /// Constructs an empty sender: every operation fails with `error::not_open`.
    basic_sender()
        requires std::default_initializable<Executor>
    = default;

    /// Constructs an empty sender with an executor.
    explicit basic_sender(const Executor& executor) : executor_(executor) {}

    /// Constructs an empty sender with the executor of a context.
    template <std::derived_from<boost::asio::execution_context> Context>
    explicit basic_sender(Context& context) : executor_(context.get_executor()) {}

    /// One more sender of the channel, on the same executor. Allocates.
    basic_sender(const basic_sender& other)
        : core_(other.clone(other.executor_)), executor_(other.executor_) {}

    /// One more sender of the channel, on an executor converted from the other's.
    template <class OtherExecutor>
        requires(std::convertible_to<OtherExecutor, Executor> &&
                 !std::same_as<OtherExecutor, Executor>)
    basic_sender(const basic_sender<T, OtherExecutor>& other)
        : core_(other.clone(other.executor_)), executor_(other.executor_) {}

    /// Erases the type: an `any_sender` from a sender of any type. It is one more sender of the
    /// channel.
    template <class Other, class OtherExecutor>
        requires(std::same_as<T, message> && !std::same_as<Other, message> &&
                 std::convertible_to<OtherExecutor, Executor>)
    basic_sender(const basic_sender<Other, OtherExecutor>& other)
        : core_(other.clone(other.executor_)), executor_(other.executor_) {}

    /// One more sender of the channel, on an executor of its own.
    template <class OtherExecutor>
    basic_sender(const basic_sender<T, OtherExecutor>& other, const Executor& executor)
        : core_(other.clone(executor)), executor_(executor) {}

    /// Operations that wait go on; the moved-from sender is empty.
    basic_sender(basic_sender&& other) noexcept
        : core_(std::move(other.core_)), executor_(other.executor_) {}

    basic_sender& operator=(const basic_sender& other) {
        if (this != &other) *this = basic_sender(other);
        return *this;
    }

    /// Closes what this sender was.
    basic_sender& operator=(basic_sender&& other) noexcept {
        if (this != &other) {
            close();
            core_ = std::move(other.core_);
            executor_ = other.executor_;
        }
        return *this;
    }

    /// As `close`. Neither blocks nor throws.
    ~basic_sender() { close(); }

    /// The executor of this sender; an empty one if it is unbound.
    executor_type get_executor() const noexcept { return executor_; }

    /// Sets the executor; operations that wait complete with `asio::error::operation_aborted`.
    void bind(const Executor& executor) {
        executor_ = executor;
        if (core_) core_->bind(executor);
    }

    /// Sets the executor to that of a context.
    template <std::derived_from<boost::asio::execution_context> Context>
    void bind(Context& context) {
        bind(context.get_executor());
    }

    /// What the message type of the channel is called, for people; empty without a channel.
    std::string_view type_name() const noexcept {
        return core_ ? std::string_view(core_->identity().type_name) : std::string_view();
    }

    /// Of an `any_sender`: one more sender, of `Other`.
    ///
    /// *Errors*: `error::type_mismatch`: the channel is of another type, `details` names both;
    /// `error::not_open`.
    template <class Other>
        requires std::same_as<T, message>
    basic_sender<Other, Executor> into(error_code& ec, diagnostics& details) const {
        ec = detail::match<Other>(core_, details);
        return basic_sender<Other, Executor>(ec ? nullptr : clone(executor_), executor_);
    }
    template <class Other>
        requires std::same_as<T, message>
    basic_sender<Other, Executor> into(error_code& ec) const {
        diagnostics details;
        return into<Other>(ec, details);
    }

    /// As above, but throws `system_error`, whose text names both types.
    template <class Other>
        requires std::same_as<T, message>
    basic_sender<Other, Executor> into() const {
        error_code ec;
        diagnostics details;
        auto typed = into<Other>(ec, details);
        if (ec) detail::throw_mismatch(ec, details);
        return typed;
    }

    /// Whether this is a sender of a channel: neither empty nor closed. It may be so although the
    /// receiver is gone.
    bool is_open() const noexcept { return core_ && core_->is_open(); }

    /// The operations of this object that wait, on whatever thread, complete with
    /// `asio::error::operation_aborted`, unless their message was written already. Those of its
    /// copies go on. A message of which a part was written is withdrawn.
    void cancel() noexcept {
        if (core_) core_->cancel();
    }

    /// As `cancel`, and later operations fail with `error::not_open`. The channel ends when all of
    /// its senders in all processes are closed.
    void close() noexcept {
        if (core_) core_->close();
    }

    /// Sends a value, blocking while the channel is full. Asynchronous sends that wait on this
    /// channel are written first.
    ///
    /// *Errors.* `asio::error::broken_pipe`: the receiver is gone (fatal). `error::message_too_large`,
    /// `error::too_many_handles`: past a limit of the channel. `error::empty_end`: the value holds an
    /// empty end or handle. `error::own_receiver`, `error::not_movable`.
    /// `asio::error::no_buffer_space`: the system has no room for more handles in flight, or too
    /// many bytes wait already. `asio::error::operation_aborted`: cancelled or closed by another
    /// thread. `error::not_open`, `error::owner_changed` (fatal). What encoding throws becomes a code.
    /// Unless it reports success nothing of the message is received.
    void send(T&& value, error_code& ec) { send_now(value, detail::ownership::consume, {}, ec); }
    void send(T& value, error_code& ec) { send_now(value, detail::ownership::lend, {}, ec); }
    void send(const T& value, error_code& ec) { send_now(value, detail::ownership::copy, {}, ec); }

    /// As above, but throws `system_error`.
    void send(T&& value) {
        error_code ec;
        send(std::move(value), ec);
        check(ec, "send");
    }
    void send(T& value) {
        error_code ec;
        send(value, ec);
        check(ec, "send");
    }
    void send(const T& value) {
        error_code ec;
        send(value, ec);
        check(ec, "send");
    }

    /// As `send`, but gives up with `asio::error::timed_out` after `timeout`, when nothing of the
    /// message was written. A message that does not fit one write (32 KiB) goes through shared
    /// memory.
    void send_for(T&& value, std::chrono::nanoseconds timeout, error_code& ec) {
        send_now(value, detail::ownership::consume, timeout, ec);
    }
    void send_for(T& value, std::chrono::nanoseconds timeout, error_code& ec) {
        send_now(value, detail::ownership::lend, timeout, ec);
    }
    void send_for(const T& value, std::chrono::nanoseconds timeout, error_code& ec) {
        send_now(value, detail::ownership::copy, timeout, ec);
    }

    /// As above, but throws `system_error`.
    template <class Value>
        requires std::same_as<std::remove_cvref_t<Value>, T>
    void send_for(Value&& value, std::chrono::nanoseconds timeout) {
        error_code ec;
        send_for(std::forward<Value>(value), timeout, ec);
        check(ec, "send_for");
    }

    /// Sends a value if that takes no waiting; else `asio::error::would_block`. Otherwise as
    /// `send_for`.
    void try_send(T&& value, error_code& ec) { try_now(value, detail::ownership::consume, ec); }
    void try_send(T& value, error_code& ec) { try_now(value, detail::ownership::lend, ec); }
    void try_send(const T& value, error_code& ec) { try_now(value, detail::ownership::copy, ec); }

    /// As above: false if it would block, and throws `system_error` for other errors.
    template <class Value>
        requires std::same_as<std::remove_cvref_t<Value>, T>
    bool try_send(Value&& value) {
        error_code ec;
        try_send(std::forward<Value>(value), ec);
        if (ec == boost::asio::error::would_block) return false;
        check(ec, "try_send");
        return true;
    }

    /// Sends a value, waiting while the channel is full.
    ///
    /// Sends of all copies of the sender in this process are written in the order in which they
    /// began. The bytes that wait are limited by `limits::max_waiting_bytes`; how many sends wait is
    /// the user's choice.
    ///
    /// @param value An rvalue is consumed when the operation is initiated; an lvalue must live until
    /// then. That is during this call, but for tokens such as `deferred`, which initiate later and
    /// keep an rvalue with them.
    ///
    /// @param token The completion token.
    ///
    /// *Completion signature*: `void(error_code)`.
    ///
    /// *Executor.* Waiting goes on on the executor of the sender, the handler is called on its
    /// associated executor, which is that of the sender by default; never from within this
    /// function.
    ///
    /// *Per-operation cancellation.* `terminal`, `partial` and `total` mean the same: a send whose
    /// message was not written yet completes with `asio::error::operation_aborted`, and nothing of
    /// it will be received, even if parts were written. Otherwise it completes with success. The
    /// channel stays usable.
    ///
    /// *Errors.* As `send`, and `error::not_bound` for an unbound end. When neither the end nor the
    /// handler has an executor that is thrown from here.
    ///
    /// *Object lifetimes.* The sender may be moved or destroyed while the operation waits; the
    /// latter cancels it. Destroying the execution context destroys the handler, uncalled.
    ///
    /// *Thread safety.* As the class. *Exception safety.* Only allocation of the operation throws.
    template <boost::asio::completion_token_for<void(error_code)> Token =
                  detail::default_token_t<Executor>>
    auto async_send(T&& value, Token&& token = Token()) {
        return initiate<Token>(std::move(value), {}, token);
    }
    template <boost::asio::completion_token_for<void(error_code)> Token =
                  detail::default_token_t<Executor>>
    auto async_send(T& value, Token&& token = Token()) {
        return initiate<Token>(std::addressof(value), {}, token);
    }
    template <boost::asio::completion_token_for<void(error_code)> Token =
                  detail::default_token_t<Executor>>
    auto async_send(const T& value, Token&& token = Token()) {
        return initiate<Token>(std::addressof(value), {}, token);
    }

    /// As `async_send`, but completes with `asio::error::timed_out` when the message was not written
    /// within `timeout`. See `send_for` for what it cannot send.
    template <boost::asio::completion_token_for<void(error_code)> Token =
                  detail::default_token_t<Executor>>
    auto async_send_for(T&& value, std::chrono::nanoseconds timeout, Token&& token = Token()) {
        return initiate<Token>(std::move(value), timeout, token);
    }
    template <boost::asio::completion_token_for<void(error_code)> Token =
                  detail::default_token_t<Executor>>
    auto async_send_for(T& value, std::chrono::nanoseconds timeout, Token&& token = Token()) {
        return initiate<Token>(std::addressof(value), timeout, token);
    }
    template <boost::asio::completion_token_for<void(error_code)> Token =
                  detail::default_token_t<Executor>>
    auto async_send_for(
        const T& value, std::chrono::nanoseconds timeout, Token&& token = Token()) {
        return initiate<Token>(std::addressof(value), timeout, token);
    }

    /// As `async_send` of an rvalue, but a value that was not sent is given back with everything in
    /// it.
    ///
    /// *Completion signature*: `void(error_code, std::optional<T>)`; the optional is empty after
    /// success. Use a token that keeps both on error, such as `as_tuple`.
    template <boost::asio::completion_token_for<void(error_code, std::optional<T>)> Token =
                  detail::default_token_t<Executor>>
    auto async_send_or_return(T&& value, Token&& token = Token()) {
        return boost::asio::async_initiate<Token, void(error_code, std::optional<T>)>(
            detail::initiate_send_or_return<Executor>(core_, executor_), token,
            std::move(value));
    }

    /// Sends the values of a range, in order, blocking while the channel is full. Each is a message of its
    /// own, received like any other; small ones without ends and handles are written together, some
    /// hundreds by one system call.
    ///
    /// It is as if each were sent by `send`, one after the other: what other threads send may come
    /// between. The first value that cannot be sent ends it; those before it are sent.
    ///
    /// @param values A container that is given as rvalue gives its values up; the values of an lvalue, or
    /// of a view, are taken from as `send` takes from an lvalue.
    ///
    /// *Returns* how many values were sent: all unless there is an error.
    ///
    /// *Errors.* As `send`.
    template <detail::batch_of<T> R>
    std::size_t send_all(R&& values, error_code& ec) {
        constexpr auto mode = detail::batch_mode<R>(detail::ownership::lend);
        ec = error::not_open;
        return core_ ? detail::send_batch(*core_, values, mode, true, ec) : 0;
    }

    /// As above, but throws `system_error`; how many were sent is not known then.
    template <detail::batch_of<T> R>
    void send_all(R&& values) {
        error_code ec;
        send_all(std::forward<R>(values), ec);
        check(ec, "send_all");
    }

    /// As `send_all`, but only as far as it takes no waiting: `asio::error::would_block` when not all
    /// values were sent. Those that were not keep what they carry, however the range was given.
    template <detail::batch_of<T> R>
    std::size_t try_send_some(R&& values, error_code& ec) {
        constexpr auto mode = detail::batch_mode<R&>(detail::ownership::lend);
        ec = error::not_open;
        return core_ ? detail::send_batch(*core_, values, mode, false, ec) : 0;
    }

    /// As above, and throws `system_error` for other errors than `would_block`.
    template <detail::batch_of<T> R>
    std::size_t try_send_some(R&& values) {
        error_code ec;
        const std::size_t sent = try_send_some(std::forward<R>(values), ec);
        if (ec != boost::asio::error::would_block) check(ec, "try_send_some");
        return sent;
    }

    /// Sends the values of a range, in order, waiting while the channel is full. Each is a message of its
    /// own; see `send_all`. They are written behind each other: no other send of this process comes
    /// between.
    ///
    /// @param values A container given as rvalue gives its values up when the operation is initiated; an
    /// lvalue, and what a view refers to, must live until then.
    ///
    /// *Completion signature*: `void(error_code, std::size_t)`, with how many values were sent.
    ///
    /// *Per-operation cancellation.* As of `async_send`; those values that were written by then are
    /// received.
    ///
    /// *Errors.* As `async_send`. A value that cannot be encoded fails the operation before anything is
    /// sent.
    ///
    /// *Executor*, *object lifetimes*, *thread safety*, *exception safety.* As `async_send`.
    template <detail::batch_of<T> R,
        boost::asio::completion_token_for<void(error_code, std::size_t)> Token =
            detail::default_token_t<Executor>>
    auto async_send_all(R&& values, Token&& token = Token()) {
        using signature = void(error_code, std::size_t);
        constexpr auto mode = detail::batch_mode<R>(detail::ownership::share);
        detail::initiate_batch<Executor> initiation(core_, executor_);
        if constexpr (std::is_lvalue_reference_v<R>)
            return boost::asio::async_initiate<Token, signature>(
                std::move(initiation), token, std::addressof(values), mode);
        else
            return boost::asio::async_initiate<Token, signature>(
                std::move(initiation), token, std::forward<R>(values), mode);
    }

    /// Of a sender of `bytes`: sends a span of bytes, as the functions above send values. The span is
    /// read when the operation is initiated.
    void send(std::span<const std::byte> content, error_code& ec)
        requires std::same_as<T, bytes>
    {
        send_now(detail::bytes_view{content}, detail::ownership::copy, {}, ec);
    }
    void send(std::span<const std::byte> content)
        requires std::same_as<T, bytes>
    {
        error_code ec;
        send(content, ec);
        check(ec, "send");
    }
    void send_for(
        std::span<const std::byte> content, std::chrono::nanoseconds timeout, error_code& ec)
        requires std::same_as<T, bytes>
    {
        send_now(detail::bytes_view{content}, detail::ownership::copy, timeout, ec);
    }
    void try_send(std::span<const std::byte> content, error_code& ec)
        requires std::same_as<T, bytes>
    {
        try_now(detail::bytes_view{content}, detail::ownership::copy, ec);
    }
    template <boost::asio::completion_token_for<void(error_code)> Token =
                  detail::default_token_t<Executor>>
        requires std::same_as<T, bytes>
    auto async_send(std::span<const std::byte> content, Token&& token = Token()) {
        return initiate<Token>(detail::bytes_view{content}, {}, token);
    }

    /// Memory for `count` objects, to be filled in place and sent through this sender or its copies
    /// without another copy; see `loan`. Never waits: with no free block, and while others wait for one, it
    /// is memory of the heap.
    ///
    /// *Errors.* `error::message_too_large`: past `limits::max_message_bytes`.
    /// `asio::error::no_buffer_space` without memory. `error::not_open`, `error::owner_changed`.
    template <shareable Object = std::byte>
    loan<Object> allocate(std::size_t count, error_code& ec) const {
        std::span<std::byte> all;
        auto owner = detail::allocate_payload(core_, detail::bytes_of<Object>(count), all, ec);
        return detail::loan_of<loan<Object>>(std::move(owner), all);
    }

    /// As above, but throws `system_error`.
    template <shareable Object = std::byte>
    loan<Object> allocate(std::size_t count) const {
        error_code ec;
        auto memory = allocate<Object>(count, ec);
        check(ec, "allocate");
        return memory;
    }

    /// As above, but waits while all memory of the channel is in use, in line with the sends: for who
    /// makes messages faster than they are received. It is memory of the heap only if waiting is of no use,
    /// since this process itself holds all there is.
    ///
    /// *Errors* further: `asio::error::timed_out` after `timeout` (`nanoseconds::max()` is for ever);
    /// `asio::error::broken_pipe`: the receiver is gone; `asio::error::operation_aborted`: `cancel()` or
    /// `close()` was called meanwhile.
    template <shareable Object = std::byte>
    loan<Object> allocate_for(
        std::size_t count, std::chrono::nanoseconds timeout, error_code& ec) const {
        const std::size_t bytes = detail::bytes_of<Object>(count);
        std::span<std::byte> all;
        std::shared_ptr<detail::payload> owner;
        detail::block_request request;
        if (detail::begin_allocation(core_, bytes, request, ec))
            ec = core_->wait(request, detail::deadline_after(timeout));
        if (!ec) owner = detail::end_allocation(request, bytes, all, ec);
        return detail::loan_of<loan<Object>>(std::move(owner), all);
    }

    /// As above, but throws `system_error`.
    template <shareable Object = std::byte>
    loan<Object> allocate_for(std::size_t count, std::chrono::nanoseconds timeout) const {
        error_code ec;
        auto memory = allocate_for<Object>(count, timeout, ec);
        check(ec, "allocate_for");
        return memory;
    }

    /// The same asynchronously, without timeout; completes with the loan, empty after an error. *Per-operation
    /// cancellation*: terminal, partial and total, as for `async_send`.
    template <shareable Object = std::byte,
        boost::asio::completion_token_for<void(error_code, loan<Object>)> Token =
            detail::default_token_t<Executor>>
    auto async_allocate(std::size_t count, Token&& token = Token()) {
        return boost::asio::async_initiate<Token, void(error_code, loan<Object>)>(
            detail::initiate_allocate<loan<Object>, Executor>(core_, executor_), token,
            detail::bytes_of<Object>(count));
    }

    /// Of a sender of `bytes`: sends a loan as the functions above send values; nothing is copied if it is
    /// a block of this channel. The loan is empty when it was sent, and stays when it was not, but
    /// for `async_send`, which takes it in any case.
    void send(loan<std::byte>&& content, error_code& ec)
        requires std::same_as<T, bytes>
    {
        send_now(detail::bytes_loan{content.part()}, detail::ownership::lend, {}, ec);
        if (!ec) content = {};
    }
    void send(loan<std::byte>&& content)
        requires std::same_as<T, bytes>
    {
        error_code ec;
        send(std::move(content), ec);
        check(ec, "send");
    }
    void send_for(
        loan<std::byte>&& content, std::chrono::nanoseconds timeout, error_code& ec)
        requires std::same_as<T, bytes>
    {
        send_now(detail::bytes_loan{content.part()}, detail::ownership::lend, timeout, ec);
        if (!ec) content = {};
    }
    void try_send(loan<std::byte>&& content, error_code& ec)
        requires std::same_as<T, bytes>
    {
        try_now(detail::bytes_loan{content.part()}, detail::ownership::lend, ec);
        if (!ec) content = {};
    }
    template <boost::asio::completion_token_for<void(error_code)> Token =
                  detail::default_token_t<Executor>>
        requires std::same_as<T, bytes>
    auto async_send(loan<std::byte>&& content, Token&& token = Token()) {
        const loan<std::byte> taken = std::move(content);
        return initiate<Token>(detail::bytes_loan{taken.part()}, {}, token);
    }

    // For strait itself: the untyped end.
    explicit basic_sender(std::shared_ptr<detail::sender_core> core, const Executor& executor)
        : core_(std::move(core)), executor_(executor) {}
    const std::shared_ptr<detail::sender_core>& core() const noexcept { return core_; }

private:
    template <class, class>
    friend class basic_sender;
    friend struct detail::end_access;

    static void check(const error_code& ec, const char* what) {
        if (ec) throw system_error(ec, what);
    }

    std::shared_ptr<detail::sender_core> clone(const Executor& executor) const {
        return core_ ? core_->clone(executor) : nullptr;
    }

    template <class Value>
    void send_now(
        const Value& value, detail::ownership mode, detail::timeout limit, error_code& ec) {
        if (!core_) {
            ec = error::not_open;
            return;
        }
        detail::deadline until;
        if (limit) until = detail::deadline_after(*limit);
        detail::outgoing_message message;
        ec = detail::encode_message(*core_, value, mode, limit.has_value(), message);
        if (!ec) ec = core_->send(message, until);
        detail::keep_buffer(message.take_buffer());
    }

    template <class Value>
    void try_now(const Value& value, detail::ownership mode, error_code& ec) {
        if (!core_) {
            ec = error::not_open;
            return;
        }
        detail::outgoing_message message;
        ec = detail::encode_message(*core_, value, mode, true, message);
        if (!ec) ec = core_->try_send(message);
        detail::keep_buffer(message.take_buffer());
    }

    // Token is given, not deduced: a token passed as lvalue is copied and not moved from.
    template <class Token, class Value>
    auto initiate(Value&& value, detail::timeout limit, std::remove_reference_t<Token>& token) {
        return boost::asio::async_initiate<Token, void(error_code)>(
            detail::initiate_send<Executor>(core_, executor_), token,
            std::forward<Value>(value), limit);
    }

    void strait_save(output_archive& archive) const {
        archive.put_number(archive.attachments().add(core_));
    }

    void strait_load(input_archive& archive) {
        const auto index = archive.get_number<std::uint32_t>();
        auto core = archive.attachments().take_sender(index, detail::identity_of<T>());
        *this = basic_sender(core, core->executor());
    }

    std::shared_ptr<detail::sender_core> core_;
    Executor executor_;
};

/// A sender on any executor: what messages contain.
template <class T>
using sender = basic_sender<T>;

namespace detail {

template <class T>
struct end_traits<basic_sender<T, boost::asio::any_io_executor>> {
    static constexpr std::string_view kind = "sender";
    using value_type = T;
};

}  // namespace detail
}  // namespace strait

#endif
