//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_RECEIVER_SET_HPP
#define STRAIT_RECEIVER_SET_HPP

#include <strait/any_end.hpp>
#include <strait/detail/ends/set_operations.hpp>

#include <boost/asio/async_result.hpp>
#include <boost/asio/execution_context.hpp>

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace strait {

/// Something that came up in a `receiver_set`: a message of one of its receivers, or that the channel of
/// one has ended.
class set_event {
public:
    set_event() noexcept = default;

    /// The number that `add` returned for the receiver.
    std::uint64_t id() const noexcept { return id_; }

    /// Whether the channel has ended. The receiver is no longer in the set; nothing more comes of it.
    bool is_end() const noexcept { return code_ == boost::asio::error::eof; }

    /// Whether there is a message.
    bool has_message() const noexcept { return !message_.empty(); }

    /// What is wrong: none with a message, `asio::error::eof` at the end of a channel, else a fault
    /// of a receiver that delivers them (see `basic_receiver::deliver_faults`).
    const error_code& code() const noexcept { return code_; }

    /// The message, undecoded.
    message& content() noexcept { return message_; }

    /// The message decoded: as `message::as`.
    template <class T>
    T as() {
        return message_.as<T>();
    }
    template <class T>
    T as(error_code& ec) {
        return message_.as<T>(ec);
    }

    // For strait itself.
    explicit set_event(detail::raw_event raw) noexcept : id_(raw.id), code_(raw.code) {
        if (!code_) message_ = message(std::move(raw.message), std::move(raw.from));
    }

private:
    std::uint64_t id_ = 0;
    error_code code_;
    message message_;
};

/// Many receivers, of different types, as one source.
///
///     strait::receiver_set set(ctx);
///     const auto jobs_id = set.add(std::move(jobs));
///     const auto logs_id = set.add(std::move(logs));
///     for (strait::set_event& e : co_await set.async_select()) {
///         if (e.id() == jobs_id && e.has_message()) run(e.as<job>());
///         ...
///     }
///
/// *Events.* One call gives everything that is at hand, up to 256 events, of which each receiver has at
/// most 16 in its turn: one that floods holds up no other. Events of one receiver are in order; there is
/// no order between receivers. The end of a channel is reported once, behind its messages, and the
/// receiver leaves the set then. What is wrong with one receiver concerns no other.
///
/// *Ownership.* The set owns its receivers. A receiver that waits in the set costs one registration
/// with an epoll descriptor of the set (Linux), whatever their number.
///
/// *Executor.* A set without executor is *unbound*: blocking calls only.
///
/// *Fault handlers* of the receivers (`basic_receiver::on_fault`) are called by a blocking call before
/// it returns, else on the executor of the set. They may do with the set what they like. When one
/// throws out of a blocking call, that one gives no events, and the next gives them.
///
/// *Default completion token*: that of the executor, else `asio::deferred`.
///
/// *Thread safety.* Distinct objects: safe. Shared objects: unsafe; and while an asynchronous
/// operation waits, the set belongs to the thread or strand of its executor.
///
/// *After fork.* In a child made by `fork` without `exec` every operation fails with
/// `error::owner_changed`; closing and destruction work.
template <class Executor = boost::asio::any_io_executor>
class basic_receiver_set {
public:
    using executor_type = Executor;

    /// Numbers a receiver in its set: never 0, and never used again.
    using id_type = std::uint64_t;

    /// The same on another type of executor.
    template <class OtherExecutor>
    struct rebind_executor {
        using other = basic_receiver_set<OtherExecutor>;
    };

    /// Constructs an unbound set.
    basic_receiver_set()
        requires std::default_initializable<Executor>
        : core_(detail::make_set_core({})) {}

    /// Constructs a set with an executor.
    explicit basic_receiver_set(const Executor& executor)
        : core_(detail::make_set_core(executor)), executor_(executor) {}

    /// Constructs a set with the executor of a context.
    template <std::derived_from<boost::asio::execution_context> Context>
    explicit basic_receiver_set(Context& context)
        : basic_receiver_set(Executor(context.get_executor())) {}

    /// Operations that wait go on; the moved-from set can be assigned and destroyed only.
    basic_receiver_set(basic_receiver_set&& other) noexcept
        : core_(std::move(other.core_)), executor_(other.executor_) {}

    /// As above, onto an executor converted from the other's.
    template <class OtherExecutor>
        requires(std::convertible_to<OtherExecutor, Executor> &&
                 !std::same_as<OtherExecutor, Executor>)
    basic_receiver_set(basic_receiver_set<OtherExecutor>&& other)
        : core_(std::move(other.core_)), executor_(other.executor_) {}

    /// Closes what this set was.
    basic_receiver_set& operator=(basic_receiver_set&& other) noexcept {
        if (this != &other) {
            close();
            core_ = std::move(other.core_);
            executor_ = other.executor_;
        }
        return *this;
    }

    /// As `close`.
    ~basic_receiver_set() { close(); }

    executor_type get_executor() const noexcept { return executor_; }

    /// Sets the executor of the set and of the receivers in it; operations that wait complete with
    /// `asio::error::operation_aborted`.
    void bind(const Executor& executor) {
        executor_ = executor;
        if (core_) core_->bind(executor);
    }
    template <std::derived_from<boost::asio::execution_context> Context>
    void bind(Context& context) {
        bind(Executor(context.get_executor()));
    }

    bool is_open() const noexcept { return core_ && core_->is_open(); }

    /// How many receivers are in the set.
    std::size_t size() const noexcept { return core_ ? core_->size() : 0; }
    bool empty() const noexcept { return size() == 0; }

    /// Whether a receiver of that number is in the set: not removed, and its end was not reported.
    bool contains(id_type id) const noexcept { return core_ && core_->find(id) != nullptr; }

    /// Operations that wait complete with `asio::error::operation_aborted`. No event is lost.
    void cancel() noexcept {
        if (core_) core_->cancel();
    }

    /// As `cancel`, and closes every receiver in the set.
    void close() noexcept {
        if (core_) core_->close();
    }

    /// Takes a receiver into the set, with everything unread in it. It gets the executor of the set,
    /// as do the ends in its messages. Receives that wait on it complete with
    /// `asio::error::operation_aborted`. A receiver whose channel has ended may be added: its
    /// end is the next event.
    ///
    /// *Errors*: `error::not_open`: the receiver or the set is closed or empty; what the system reports.
    /// Then the receiver stays with its owner.
    template <class T, class OtherExecutor>
    id_type add(basic_receiver<T, OtherExecutor>&& receiver, error_code& ec) {
        if (!core_ || !receiver.is_open()) {
            ec = error::not_open;
            return 0;
        }
        const id_type id = core_->add(receiver.core(), ec);
        if (!ec) receiver.release();
        return id;
    }
    template <class T, class OtherExecutor>
    id_type add(basic_receiver<T, OtherExecutor>&& receiver) {
        error_code ec;
        const id_type id = add(std::move(receiver), ec);
        check(ec, "receiver_set::add");
        return id;
    }

    /// Takes a receiver out of the set, with everything unread in it. It has the executor of the set.
    ///
    /// *Errors*: `error::no_such_end`: no receiver of that number is in the set.
    /// `error::owner_changed`.
    any_receiver remove(id_type id, error_code& ec) {
        ec = error::no_such_end;
        auto core = core_ ? core_->remove(id, ec) : nullptr;
        return any_receiver(std::move(core), executor_);
    }
    any_receiver remove(id_type id) {
        error_code ec;
        any_receiver removed = remove(id, ec);
        check(ec, "receiver_set::remove");
        return removed;
    }

    /// As above, as a receiver of `T`. *Errors*: also `error::type_mismatch`; then it stays in the set.
    template <class T>
    receiver<T> remove(id_type id, error_code& ec, diagnostics& details) {
        const auto core = core_ ? core_->find(id) : nullptr;
        ec = core ? detail::match<T>(core, details) : error_code(error::no_such_end);
        if (ec) return receiver<T>(nullptr, executor_);
        return remove(id, ec).template into<T>();
    }
    template <class T>
    receiver<T> remove(id_type id) {
        error_code ec;
        diagnostics details;
        auto removed = remove<T>(id, ec, details);
        if (ec) detail::throw_mismatch(ec, details);
        return removed;
    }

    /// Blocks until there is at least one event.
    ///
    /// *Errors*: `error::empty_set`: there is no receiver that anything could come from.
    /// `error::not_open`, `error::owner_changed`, what the system reports. Signals interrupt nothing.
    std::vector<set_event> select(error_code& ec) { return select_now({}, ec); }
    std::vector<set_event> select() {
        error_code ec;
        auto events = select_now({}, ec);
        check(ec, "receiver_set::select");
        return events;
    }

    /// As above, but gives up with `asio::error::timed_out` after `timeout`.
    std::vector<set_event> select_for(std::chrono::nanoseconds timeout, error_code& ec) {
        return select_now(detail::deadline_after(timeout), ec);
    }
    std::vector<set_event> select_for(std::chrono::nanoseconds timeout) {
        error_code ec;
        auto events = select_for(timeout, ec);
        check(ec, "receiver_set::select_for");
        return events;
    }

    /// What is at hand; `asio::error::would_block` if there is nothing.
    std::vector<set_event> try_select(error_code& ec) {
        std::vector<detail::raw_event> raw;
        ec = core_ ? core_->try_select(raw) : error_code(error::not_open);
        return detail::to_events<set_event>(std::move(raw));
    }

    /// As above: empty if there is nothing, and throws `system_error` for other errors.
    std::vector<set_event> try_select() {
        error_code ec;
        auto events = try_select(ec);
        if (ec != boost::asio::error::would_block) check(ec, "receiver_set::try_select");
        return events;
    }

    /// Waits until there is at least one event. An empty set waits until a receiver is added.
    ///
    /// *Completion signature*: `void(error_code, std::vector<set_event>)`; empty on error.
    ///
    /// *Executor.* Waiting goes on on the executor of the set; the events are taken, and the handler is
    /// called, on the handler's associated executor, which is that of the set by default; never
    /// from within this function.
    ///
    /// *Per-operation cancellation.* `terminal`, `partial` and `total` mean the same: unless the handler
    /// was called already the operation completes with `asio::error::operation_aborted` and no event is
    /// lost. So does a context that is stopped or destroyed.
    ///
    /// *Errors.* `asio::error::operation_aborted`, `error::not_open`, `error::not_bound`,
    /// `error::owner_changed`, what the system reports.
    ///
    /// *Object lifetimes.* The set may be moved or destroyed while the operation waits; the latter cancels
    /// it. *Thread safety.* As the class. *Exception safety.* Only allocation of the operation throws.
    template <boost::asio::completion_token_for<void(error_code, std::vector<set_event>)> Token =
                  detail::default_token_t<Executor>>
    auto async_select(Token&& token = Token()) {
        return initiate<Token>({}, token);
    }

    /// As `async_select`, but completes with `asio::error::timed_out` when there was no event within
    /// `timeout`.
    template <boost::asio::completion_token_for<void(error_code, std::vector<set_event>)> Token =
                  detail::default_token_t<Executor>>
    auto async_select_for(std::chrono::nanoseconds timeout, Token&& token = Token()) {
        return initiate<Token>(timeout, token);
    }

private:
    template <class>
    friend class basic_receiver_set;

    static void check(const error_code& ec, const char* what) {
        if (ec) throw system_error(ec, what);
    }

    std::vector<set_event> select_now(const detail::deadline& until, error_code& ec) {
        std::vector<detail::raw_event> raw;
        ec = core_ ? core_->select(raw, until) : error_code(error::not_open);
        return detail::to_events<set_event>(std::move(raw));
    }

    template <class Token>
    auto initiate(detail::timeout limit, std::remove_reference_t<Token>& token) {
        return boost::asio::async_initiate<Token, void(error_code, std::vector<set_event>)>(
            detail::initiate_select<set_event, Executor>(core_, executor_), token, limit);
    }

    std::shared_ptr<detail::set_core> core_;
    Executor executor_;
};

/// A set of receivers on any executor.
using receiver_set = basic_receiver_set<>;

}  // namespace strait

#endif
