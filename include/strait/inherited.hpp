//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_INHERITED_HPP
#define STRAIT_INHERITED_HPP

#include <strait/detail/config.hpp>
#include <strait/detail/ends/executor_of.hpp>
#include <strait/error.hpp>
#include <strait/handle.hpp>
#include <strait/impl/process_plan.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <concepts>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace strait {

namespace detail {

// What decoding makes: ends on any executor.
template <class End>
concept takable = std::is_same_v<End, handle> ||
    (is_givable<End> && std::is_same_v<typename End::executor_type, boost::asio::any_io_executor>);

}  // namespace detail

/// Which of the ends that a process was given: by name, or by position from 0.
class end_selector {
public:
    end_selector(std::string_view name) noexcept : name_(name), by_name_(true) {}
    end_selector(const char* name) noexcept : end_selector(std::string_view(name)) {}
    end_selector(const std::string& name) noexcept : end_selector(std::string_view(name)) {}
    template <std::integral Integer>
    end_selector(Integer position) noexcept : position_(static_cast<std::size_t>(position)) {}

    bool by_name() const noexcept { return by_name_; }
    std::string_view name() const noexcept { return name_; }
    std::size_t position() const noexcept { return position_; }

private:
    std::string_view name_;
    std::size_t position_ = 0;
    bool by_name_ = false;
};

/// The ends and handles that this process was started with; see `process_options::give`.
///
///     auto in = strait::inherited::take();
///     auto jobs = in.take<strait::receiver<job>>("jobs", ctx);
///
/// What was not taken is closed when this object is destroyed; then its channels end. So let it go
/// once everything is taken.
///
/// *Thread safety.* Distinct objects: safe. Shared objects: unsafe.
class inherited {
public:
    /// Constructs an object that holds nothing.
    STRAIT_DECL inherited() noexcept;

    /// Takes up what the parent gave to this process: once. Blocks until the parent has written it,
    /// which it does at once. To be called before other threads change the environment, where the
    /// parent left word (`STRAIT_INHERITED`); the environment itself is not changed, and
    /// children of this process do not mistake the word for theirs.
    ///
    /// *Errors*: `error::no_inherited_ends`: this process was given nothing, or it was taken
    /// before. `error::version_mismatch`: the parent's strait has another protocol; `details` names
    /// both versions. `asio::error::eof`: the parent ended meanwhile. `error::handles_lost`: this
    /// process may not have as many descriptors open. `error::protocol_violation`: what came is none
    /// of strait's.
    STRAIT_DECL static inherited take(error_code& ec, diagnostics& details);
    static inherited take(error_code& ec) {
        diagnostics details;
        return take(ec, details);
    }

    /// As above, but throws `system_error`.
    STRAIT_DECL static inherited take();

    STRAIT_DECL inherited(inherited&& other) noexcept;
    STRAIT_DECL inherited& operator=(inherited&& other) noexcept;

    /// Closes what was not taken.
    STRAIT_DECL ~inherited();

    /// How many ends and handles were given, taken or not.
    STRAIT_DECL std::size_t size() const noexcept;

    /// The names in the order of giving; empty for what was given without one.
    STRAIT_DECL std::vector<std::string> names() const;

    /// Whether something of that name or position is there and was not taken.
    STRAIT_DECL bool contains(end_selector which) const noexcept;

    /// Takes one out: a `sender<T>`, a `receiver<T>` or a `handle`; an end is unbound.
    ///
    /// *Errors*: `error::no_such_end`: there is none of that name or position, it is another kind of
    /// thing, or it was taken. `error::type_mismatch`: the channel is of another type;
    /// `details` names both. Then it stays, for another attempt.
    template <detail::takable End>
    End take(end_selector which, error_code& ec, diagnostics& details) {
        return take_on<End>(which, {}, ec, details);
    }
    template <detail::takable End>
    End take(end_selector which, error_code& ec) {
        diagnostics details;
        return take_on<End>(which, {}, ec, details);
    }

    /// As above, but throws `system_error`, whose text names the end and both types.
    template <detail::takable End>
    End take(end_selector which) {
        return take_or_throw<End>(which, {});
    }

    /// As above, with the executor that the end is to have, or that of a context.
    template <detail::takable End, detail::executor_or_context Where>
    End take(end_selector which, Where&& where, error_code& ec, diagnostics& details) {
        return take_on<End>(which, detail::executor_of(where), ec, details);
    }
    template <detail::takable End, detail::executor_or_context Where>
    End take(end_selector which, Where&& where, error_code& ec) {
        diagnostics details;
        return take_on<End>(which, detail::executor_of(where), ec, details);
    }
    template <detail::takable End, detail::executor_or_context Where>
    End take(end_selector which, Where&& where) {
        return take_or_throw<End>(which, detail::executor_of(where));
    }

private:
    struct state;

    explicit inherited(std::unique_ptr<state> s) noexcept;

    STRAIT_DECL handle take_handle(end_selector which, error_code& ec);
    STRAIT_DECL std::shared_ptr<detail::sender_core> take_sender(end_selector which,
        const detail::type_identity& expected, error_code& ec, diagnostics& details);
    STRAIT_DECL std::shared_ptr<detail::receiver_core> take_receiver(end_selector which,
        const detail::type_identity& expected, error_code& ec, diagnostics& details);
    [[noreturn]] STRAIT_DECL static void fail(
        end_selector which, const error_code& ec, const diagnostics& details);

    template <class Result, class Function>
    Result attempt(
        end_selector which, detail::given_kind kind, error_code& ec, Function taking);

    template <class End>
    End take_on(end_selector which, const boost::asio::any_io_executor& executor, error_code& ec,
        diagnostics& details) {
        if constexpr (std::is_same_v<End, handle>) {
            return take_handle(which, ec);
        } else {
            const auto identity = detail::identity_of<typename End::value_type>();
            auto core = [&] {
                if constexpr (detail::is_sender<End>)
                    return take_sender(which, identity, ec, details);
                else
                    return take_receiver(which, identity, ec, details);
            }();
            if (ec) return End();
            if (executor) core->bind(executor);
            return End(std::move(core), executor);
        }
    }

    template <class End>
    End take_or_throw(end_selector which, const boost::asio::any_io_executor& executor) {
        error_code ec;
        diagnostics details;
        End end = take_on<End>(which, executor, ec, details);
        if (ec) fail(which, ec, details);
        return end;
    }

    std::unique_ptr<state> state_;
};

}  // namespace strait

#endif
