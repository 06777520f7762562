//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_RECEIVER_HPP
#define STRAIT_RECEIVER_HPP

#include <strait/detail/ends/batches.hpp>
#include <strait/detail/ends/bytes_view.hpp>
#include <strait/detail/ends/default_token.hpp>
#include <strait/detail/ends/end_operations.hpp>
#include <strait/detail/ends/value_range.hpp>
#include <strait/detail/ends/view_target.hpp>
#include <strait/loan.hpp>

#include <boost/asio/async_result.hpp>
#include <boost/asio/execution_context.hpp>

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>

namespace strait {

/// The receiving end of a channel of `T`.
///
/// A receiver that is a member of a message moves to the process that receives it, with everything
/// unread, in order. Receives that wait on it then complete with `asio::error::operation_aborted`.
///
/// *End.* When the last sender anywhere is gone and everything was received, receiving yields
/// `asio::error::eof`, and keeps doing so. A sender in an unread message is alive. A process that
/// keeps a copy of the sender while it waits for the end waits for ever: drop your own copy.
///
/// *Bad input.* What a peer sends can cost its own message or its own link, never more. Such faults
/// are counted and skipped, so that a receive fails only when the channel has ended; see
/// `on_fault`, `faults` and `deliver_faults`.
///
/// *Mixing.* Several asynchronous receives may wait, first come first served. A blocking or `try_`
/// receive takes the first message in line at once, also before asynchronous ones that have not
/// been completed yet.
///
/// *Executor.* As `basic_sender`.
///
/// *Thread safety.* Distinct objects: safe. Shared objects: unsafe; a receiver belongs to one thread
/// or strand at a time, which is that of its executor while asynchronous operations wait.
///
/// *After fork.* As `basic_sender`.
template <class T, class Executor = boost::asio::any_io_executor>
class basic_receiver {
public:
    using executor_type = Executor;
    using value_type = T;

    /// The same receiver on another type of executor.
    template <class OtherExecutor>
    struct rebind_executor {
        using other = basic_receiver<T, OtherExecutor>;
    };

    /// Constructs an empty receiver: every operation fails with `error::not_open`.
    basic_receiver()
        requires std::default_initializable<Executor>
    = default;

    /// Constructs an empty receiver with an executor.
    explicit basic_receiver(const Executor& executor) : executor_(executor) {}

    /// Constructs an empty receiver with the executor of a context.
    template <std::derived_from<boost::asio::execution_context> Context>
    explicit basic_receiver(Context& context) : executor_(context.get_executor()) {}

    /// Operations that wait go on; the moved-from receiver is empty.
    basic_receiver(basic_receiver&& other) noexcept
        : core_(std::move(other.core_)), executor_(other.executor_) {}

    /// As above, onto an executor converted from the other's.
    template <class OtherExecutor>
        requires(std::convertible_to<OtherExecutor, Executor> &&
                 !std::same_as<OtherExecutor, Executor>)
    basic_receiver(basic_receiver<T, OtherExecutor>&& other)
        : core_(std::move(other.core_)), executor_(other.executor_) {}

    /// Erases the type: an `any_receiver` from a receiver of any type. Operations that wait go on.
    template <class Other, class OtherExecutor>
        requires(std::same_as<T, message> && !std::same_as<Other, message> &&
                 std::convertible_to<OtherExecutor, Executor>)
    basic_receiver(basic_receiver<Other, OtherExecutor>&& other)
        : core_(std::move(other.core_)), executor_(other.executor_) {}

    /// As above, onto any other executor; see `bind`.
    template <class OtherExecutor>
    basic_receiver(basic_receiver<T, OtherExecutor>&& other, const Executor& executor)
        : core_(std::move(other.core_)), executor_(executor) {
        if (core_) core_->bind(executor);
    }

    /// Closes what this receiver was.
    basic_receiver& operator=(basic_receiver&& other) noexcept {
        if (this != &other) {
            close();
            core_ = std::move(other.core_);
            executor_ = other.executor_;
        }
        return *this;
    }

    /// As `close`. Neither blocks nor throws.
    ~basic_receiver() { close(); }

    /// The executor of this receiver; an empty one if it is unbound.
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

    /// What the sender called the message type of the channel, for people; empty without a channel.
    std::string_view type_name() const noexcept {
        return core_ ? std::string_view(core_->identity().type_name) : std::string_view();
    }

    /// Of an `any_receiver`: the receiver of `Other` that it is. Then this is empty.
    ///
    /// *Errors*: `error::type_mismatch`: it is of another type, `details` names both, and this stays
    /// as it was; `error::not_open`.
    template <class Other>
        requires std::same_as<T, message>
    basic_receiver<Other, Executor> into(error_code& ec, diagnostics& details) {
        ec = detail::match<Other>(core_, details);
        if (ec) return basic_receiver<Other, Executor>(nullptr, executor_);
        return basic_receiver<Other, Executor>(std::move(core_), executor_);
    }
    template <class Other>
        requires std::same_as<T, message>
    basic_receiver<Other, Executor> into(error_code& ec) {
        diagnostics details;
        return into<Other>(ec, details);
    }

    /// As above, but throws `system_error`, whose text names both types.
    template <class Other>
        requires std::same_as<T, message>
    basic_receiver<Other, Executor> into() {
        error_code ec;
        diagnostics details;
        auto typed = into<Other>(ec, details);
        if (ec) detail::throw_mismatch(ec, details);
        return typed;
    }

    /// Whether this is the receiver of a channel: not empty, not closed, not sent away.
    bool is_open() const noexcept { return core_ && core_->is_open(); }

    /// The operations that wait complete with `asio::error::operation_aborted`. No message is lost.
    void cancel() noexcept {
        if (core_) core_->cancel();
    }

    /// As `cancel`, and later operations fail with `error::not_open`. Everything unread is dropped,
    /// with the handles and ends in it, and senders see `asio::error::broken_pipe`.
    void close() noexcept {
        if (core_) core_->close();
    }

    /// Receives a value, blocking until there is one. On error a default constructed one is
    /// returned.
    ///
    /// *Errors.* `asio::error::eof`: the channel has ended (fatal). `error::not_open`,
    /// `error::owner_changed` (fatal). With `deliver_faults(true)` also every fault.
    T recv(error_code& ec) { return recv_now({}, ec); }

    /// As above, but throws `system_error`.
    T recv() {
        error_code ec;
        T value = recv_now({}, ec);
        check(ec, "recv");
        return value;
    }

    /// As `recv`, but gives up with `asio::error::timed_out` after `timeout`, or at `time`.
    T recv_for(std::chrono::nanoseconds timeout, error_code& ec) {
        return recv_now(detail::deadline_after(timeout), ec);
    }
    T recv_for(std::chrono::nanoseconds timeout) {
        error_code ec;
        T value = recv_for(timeout, ec);
        check(ec, "recv_for");
        return value;
    }
    T recv_until(std::chrono::steady_clock::time_point time, error_code& ec) {
        return recv_now(time, ec);
    }
    T recv_until(std::chrono::steady_clock::time_point time) {
        error_code ec;
        T value = recv_now(time, ec);
        check(ec, "recv_until");
        return value;
    }

    /// Receives a value if there is one; else `asio::error::would_block`. Otherwise as `recv`.
    T try_recv(error_code& ec) {
        return receive_value(only_try(), ec);
    }

    /// As above: empty if there is no value, and throws `system_error` for other errors.
    std::optional<T> try_recv() {
        error_code ec;
        std::optional<T> value(try_recv(ec));
        if (ec == boost::asio::error::would_block)
            value.reset();
        else
            check(ec, "try_recv");
        return value;
    }

    /// Receives a value.
    ///
    /// @param token The completion token.
    ///
    /// *Completion signature*: `void(error_code, T)`; on error the value is a default constructed
    /// one.
    ///
    /// *Executor.* Waiting and reading go on on the executor of the receiver; decoding and the
    /// handler run on the handler's associated executor, which is that of the receiver by
    /// default; never from within this function.
    ///
    /// *Per-operation cancellation.* `terminal`, `partial` and `total` mean the same: unless the
    /// handler was called already the operation completes with `asio::error::operation_aborted`,
    /// and loses nothing: a message that was on its way to it is first in line for the next receive.
    /// So does a context that is stopped or destroyed.
    ///
    /// *Errors.* As `recv`, and `error::not_bound` for an unbound end. When neither the end nor the
    /// handler has an executor that is thrown from here.
    ///
    /// *Object lifetimes.* The receiver may be moved or destroyed while the operation waits; the
    /// latter cancels it. Destroying the execution context destroys the handler, uncalled.
    ///
    /// *Thread safety.* As the class. *Exception safety.* Only allocation of the operation throws.
    template <boost::asio::completion_token_for<void(error_code, T)> Token =
                  detail::default_token_t<Executor>>
    auto async_recv(Token&& token = Token()) {
        return initiate<Token>({}, token);
    }

    /// As `async_recv`, but completes with `asio::error::timed_out` when there was no message within
    /// `timeout`.
    template <boost::asio::completion_token_for<void(error_code, T)> Token =
                  detail::default_token_t<Executor>>
    auto async_recv_for(std::chrono::nanoseconds timeout, Token&& token = Token()) {
        return initiate<Token>(timeout, token);
    }

    /// Receives the next value of what is a sequence of them: the end of the channel is no error, but
    /// an empty optional. So a coroutine reads all there is by
    ///
    ///     while (std::optional<job> j = co_await rx.async_next()) ...
    ///
    /// *Completion signature*: `void(error_code, std::optional<T>)`. Otherwise as `async_recv`.
    template <boost::asio::completion_token_for<void(error_code, std::optional<T>)> Token =
                  detail::default_token_t<Executor>>
    auto async_next(Token&& token = Token()) {
        return initiate<Token, void(error_code, std::optional<T>), detail::next_target<T>>(
            {}, token);
    }

    /// The same, blocking.
    std::optional<T> next(error_code& ec) {
        std::optional<T> value(recv_now({}, ec));
        if (ec) value.reset();
        if (ec == boost::asio::error::eof) ec.clear();
        return value;
    }
    std::optional<T> next() {
        error_code ec;
        std::optional<T> value = next(ec);
        check(ec, "next");
        return value;
    }

    /// An input range of the values that are still to come, up to the end of the channel:
    ///
    ///     for (job& j : rx.values()) ...
    ///
    /// Its iterator blocks, and throws `system_error` for every error but the end. The range refers
    /// to this receiver, which must neither move nor be destroyed meanwhile. What is left when the loop
    /// is left stays in the channel.
    auto values() { return detail::value_range<basic_receiver>(*this); }

    /// Receives several values: blocks until there is one, and takes with it those that are at hand, as
    /// many as there is room for. Where one read of the system brought many, this gets at all of them
    /// without another.
    ///
    /// *Returns* how many: the first so many of `into` were assigned.
    ///
    /// *Errors.* As `recv`, and `invalid_argument` without room. Something wrong behind the first value
    /// ends what is taken: a fault comes with the values before it where faults are delivered; what ends
    /// the channel is for the next receive.
    std::size_t recv_some(std::span<T> into, error_code& ec) {
        return receive_some(into, wait_until({}), ec);
    }
    std::size_t recv_some(std::span<T> into) {
        error_code ec;
        const std::size_t n = recv_some(into, ec);
        check(ec, "recv_some");
        return n;
    }

    /// As `recv_some`, but gives up with `asio::error::timed_out` when there was none within `timeout`.
    std::size_t recv_some_for(
        std::span<T> into, std::chrono::nanoseconds timeout, error_code& ec) {
        return receive_some(into, wait_until(detail::deadline_after(timeout)), ec);
    }
    std::size_t recv_some_for(std::span<T> into, std::chrono::nanoseconds timeout) {
        error_code ec;
        const std::size_t n = recv_some_for(into, timeout, ec);
        check(ec, "recv_some_for");
        return n;
    }

    /// Receives what is there, as far as there is room for it; `asio::error::would_block` if there is
    /// nothing. Otherwise as `recv_some`.
    std::size_t try_recv_some(std::span<T> into, error_code& ec) {
        return receive_some(into, only_try(), ec);
    }

    /// As above: 0 if there is nothing, and throws `system_error` for other errors.
    std::size_t try_recv_some(std::span<T> into) {
        error_code ec;
        const std::size_t n = try_recv_some(into, ec);
        if (ec != boost::asio::error::would_block) check(ec, "try_recv_some");
        return n;
    }

    /// Receives several values, as `recv_some` does.
    ///
    /// @param into Must live until the operation completes.
    ///
    /// *Completion signature*: `void(error_code, std::size_t)`. Otherwise as `async_recv`; the values are
    /// decoded, and those behind the first taken, where the handler runs.
    template <boost::asio::completion_token_for<void(error_code, std::size_t)> Token =
                  detail::default_token_t<Executor>>
    auto async_recv_some(std::span<T> into, Token&& token = Token()) {
        return initiate<Token, void(error_code, std::size_t)>(
            {}, token, detail::several_target<T>(into));
    }

    /// Of a receiver of `bytes`: receives a message into memory of the caller, and returns its size.
    ///
    /// *Errors.* `asio::error::message_size`: the message is larger than `into`. Its size is returned,
    /// and it stays first in line. Otherwise as `recv`.
    std::size_t recv_into(std::span<std::byte> into, error_code& ec)
        requires std::same_as<T, bytes>
    {
        return recv_into_now(into, {}, ec);
    }
    std::size_t recv_into(std::span<std::byte> into)
        requires std::same_as<T, bytes>
    {
        error_code ec;
        const std::size_t size = recv_into(into, ec);
        check(ec, "recv_into");
        return size;
    }
    std::size_t recv_into_for(
        std::span<std::byte> into, std::chrono::nanoseconds timeout, error_code& ec)
        requires std::same_as<T, bytes>
    {
        return recv_into_now(into, detail::deadline_after(timeout), ec);
    }

    /// The same, asynchronously. `into` must live until the operation completes.
    ///
    /// *Completion signature*: `void(error_code, std::size_t)`. Otherwise as `async_recv`.
    template <boost::asio::completion_token_for<void(error_code, std::size_t)> Token =
                  detail::default_token_t<Executor>>
        requires std::same_as<T, bytes>
    auto async_recv_into(std::span<std::byte> into, Token&& token = Token()) {
        return initiate<Token, void(error_code, std::size_t), detail::buffer_target>(
            {}, token, detail::buffer_target(into));
    }

    /// Of a receiver of `bytes`: receives a message where it lies. Large ones are not copied; their memory
    /// goes back to the channel with the last `shared_span` of it. Errors as of `recv`.
    shared_span<std::byte> recv_view(error_code& ec)
        requires std::same_as<T, bytes>
    {
        return recv_view_now({}, ec);
    }
    shared_span<std::byte> recv_view()
        requires std::same_as<T, bytes>
    {
        error_code ec;
        auto view = recv_view_now({}, ec);
        check(ec, "recv_view");
        return view;
    }
    shared_span<std::byte> recv_view_for(std::chrono::nanoseconds timeout, error_code& ec)
        requires std::same_as<T, bytes>
    {
        return recv_view_now(detail::deadline_after(timeout), ec);
    }

    /// The same, asynchronously.
    ///
    /// *Completion signature*: `void(error_code, shared_span<std::byte>)`. Otherwise as `async_recv`.
    template <boost::asio::completion_token_for<void(error_code, shared_span<std::byte>)> Token =
                  detail::default_token_t<Executor>>
        requires std::same_as<T, bytes>
    auto async_recv_view(Token&& token = Token()) {
        return initiate<Token, void(error_code, shared_span<std::byte>),
            detail::view_target<shared_span<std::byte>>>({}, token);
    }

    /// How many faults there were: messages that could not be decoded, links that were ended because
    /// their peer broke the protocol or a limit. Thread-safe.
    std::uint64_t faults() const noexcept { return core_ ? core_->faults() : 0; }

    /// Calls `handler` with each fault from now on, from within receiving operations.
    void on_fault(std::function<void(const fault&)> handler) {
        if (core_) core_->on_fault(std::move(handler));
    }

    /// Whether faults are delivered as errors of receives, which then complete with them, rather
    /// than skipped. They are not fatal. Default: false.
    void deliver_faults(bool on) noexcept {
        if (core_) core_->deliver_faults(on);
    }

    // For strait itself: the untyped end.
    explicit basic_receiver(std::shared_ptr<detail::receiver_core> core, const Executor& executor)
        : core_(std::move(core)), executor_(executor) {}
    const std::shared_ptr<detail::receiver_core>& core() const noexcept { return core_; }
    void release() noexcept { core_.reset(); }

private:
    template <class, class>
    friend class basic_receiver;
    friend struct detail::end_access;

    static void check(const error_code& ec, const char* what) {
        if (ec) throw system_error(ec, what);
    }

    // Takes messages until one is accepted, or what is wrong with it is to be delivered. `take` gives the
    // next one, `accept` says what is wrong with it.
    template <class Take, class Accept>
    error_code receive(Take take, Accept accept) {
        while (core_) {
            detail::incoming_message message;
            if (error_code ec = take(message)) return ec;
            diagnostics details;
            const error_code ec = accept(message, details);
            if (!ec || core_->report({ec, std::move(details)})) return ec;
        }
        return error::not_open;
    }

    // What receive takes: blocking, or what is there.
    auto wait_until(const detail::deadline& until) {
        return [this, until](detail::incoming_message& m) { return core_->recv(m, until); };
    }
    auto only_try() {
        return [this](detail::incoming_message& m) { return core_->try_recv(m); };
    }

    template <class Take>
    T receive_value(Take take, error_code& ec) {
        T value = make_value<T>();
        ec = receive(take, [&](detail::incoming_message& message, diagnostics& details) {
            return detail::decode_or_reset(core_, message, value, details);
        });
        return value;
    }

    T recv_now(const detail::deadline& until, error_code& ec) {
        return receive_value(wait_until(until), ec);
    }

    template <class Take>
    std::size_t receive_some(std::span<T> into, Take take, error_code& ec) {
        ec = boost::asio::error::invalid_argument;
        if (into.empty()) return 0;
        ec = receive(take, [&](detail::incoming_message& message, diagnostics& details) {
            detail::prepare_value(into.front());
            return detail::decode_or_reset(core_, message, into.front(), details);
        });
        if (ec) return 0;
        std::optional<fault> wrong;
        const std::size_t n = detail::take_more(core_, into, 1, wrong);
        if (wrong && core_->report(*wrong)) ec = wrong->code;
        return n;
    }

    shared_span<std::byte> recv_view_now(const detail::deadline& until, error_code& ec) {
        detail::payload_part part;
        ec = receive(wait_until(until), [&](detail::incoming_message& message, diagnostics&) {
            error_code wrong;
            part = detail::view_payload(message, wrong);
            return wrong;
        });
        return detail::end_access::make<shared_span<std::byte>>(std::move(part));
    }

    std::size_t recv_into_now(
        std::span<std::byte> into, const detail::deadline& until, error_code& ec) {
        std::size_t size = 0;
        error_code too_small;  // says nothing against the message
        ec = receive(wait_until(until), [&](detail::incoming_message& message, diagnostics&) {
            const error_code wrong = detail::copy_bytes(core_, message, into, size);
            if (detail::is_fault(wrong)) return wrong;
            too_small = wrong;
            return error_code();
        });
        if (!ec) ec = too_small;
        return size;
    }

    // Token is given, not deduced: a token passed as lvalue is copied and not moved from.
    template <class Token, class Signature = void(error_code, T),
        class Target = detail::value_target<T>>
    auto initiate(
        detail::timeout limit, std::remove_reference_t<Token>& token, Target target = Target()) {
        return boost::asio::async_initiate<Token, Signature>(
            detail::initiate_recv<Executor>(core_, executor_), token, limit, std::move(target));
    }

    void strait_save(output_archive& archive) const {
        archive.put_number(archive.attachments().add(core_));
    }

    void strait_load(input_archive& archive) {
        const auto index = archive.get_number<std::uint32_t>();
        auto core = archive.attachments().take_receiver(index, detail::identity_of<T>());
        *this = basic_receiver(core, core->executor());
    }

    std::shared_ptr<detail::receiver_core> core_;
    Executor executor_;
};

/// A receiver on any executor: what messages contain.
template <class T>
using receiver = basic_receiver<T>;

namespace detail {

template <class T>
struct end_traits<basic_receiver<T, boost::asio::any_io_executor>> {
    static constexpr std::string_view kind = "receiver";
    using value_type = T;
};

}  // namespace detail
}  // namespace strait

#endif
