//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_ROUTER_HPP
#define STRAIT_ROUTER_HPP

#include <strait/detail/ends/routes.hpp>

#include <boost/asio/compose.hpp>
#include <boost/asio/execution_context.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

namespace strait {

/// Receivers, of different types, each with a callback.
///
///     strait::router router(ctx);
///     router.add(std::move(jobs), [&](job j) { run(std::move(j)); });
///     router.add(std::move(logs), [&](strait::error_code ec, line l) { ... });
///
/// *Callbacks* are called on the executor of the router, one after the other for each route. A
/// `void(T)` hears of values; what cannot be decoded is counted and skipped. A
/// `void(error_code, T)` hears of that as well, and of the end of the channel, once, by
/// `asio::error::eof`. A callback is destroyed when its channel has ended, when its route is removed and
/// when the router stops. What it throws stops nothing: see `on_exception`. It may add and remove
/// routes, its own too, and stop or destroy the router.
///
/// *Thread safety.* Distinct objects: safe. Shared objects: unsafe; the router belongs to the thread or
/// strand of its executor.
class router {
public:
    using executor_type = boost::asio::any_io_executor;
    using id_type = std::uint64_t;

    /// Constructs a router on an executor.
    explicit router(const executor_type& executor)
        : state_(std::make_shared<detail::router_state>(executor)) {}

    /// Constructs a router on the executor of a context.
    template <std::derived_from<boost::asio::execution_context> Context>
    explicit router(Context& context) : router(executor_type(context.get_executor())) {}

    router(router&&) noexcept = default;
    router& operator=(router&& other) noexcept {
        if (this != &other) {
            if (state_) state_->stop(stop_mode::cancel);
            state_ = std::move(other.state_);
        }
        return *this;
    }

    /// As `stop(stop_mode::cancel)`.
    ~router() {
        if (state_) state_->stop(stop_mode::cancel);
    }

    executor_type get_executor() const noexcept { return state_->executor; }

    /// How many routes there are.
    std::size_t size() const noexcept { return state_->routes.size(); }
    bool contains(id_type id) const noexcept { return state_->routes.contains(id); }

    /// Calls `callback` with every value that the receiver receives. Returns the number of the route,
    /// never 0 and never used again.
    ///
    /// *Errors*: `error::not_open`: the receiver is empty or closed, or the router was stopped. Then both
    /// stay with the caller; the callback is moved from only on success.
    template <class T, class OtherExecutor, class Callback>
        requires detail::route_callback<std::decay_t<Callback>, T>
    id_type add(basic_receiver<T, OtherExecutor>&& from, Callback&& callback, error_code& ec) {
        return add_route(std::move(from), std::forward<Callback>(callback), false, ec);
    }
    template <class T, class OtherExecutor, class Callback>
        requires detail::route_callback<std::decay_t<Callback>, T>
    id_type add(basic_receiver<T, OtherExecutor>&& from, Callback&& callback) {
        error_code ec;
        const id_type id = add(std::move(from), std::forward<Callback>(callback), ec);
        if (ec) throw system_error(ec, "router::add");
        return id;
    }

    /// Calls `callback` with the first value only. What comes later is received and dropped, with all
    /// handles in it, so that senders are not disturbed; the callback is destroyed at once.
    template <class T, class OtherExecutor, class Callback>
        requires detail::route_callback<std::decay_t<Callback>, T>
    id_type add_once(basic_receiver<T, OtherExecutor>&& from, Callback&& callback, error_code& ec) {
        return add_route(std::move(from), std::forward<Callback>(callback), true, ec);
    }
    template <class T, class OtherExecutor, class Callback>
        requires detail::route_callback<std::decay_t<Callback>, T>
    id_type add_once(basic_receiver<T, OtherExecutor>&& from, Callback&& callback) {
        error_code ec;
        const id_type id = add_once(std::move(from), std::forward<Callback>(callback), ec);
        if (ec) throw system_error(ec, "router::add_once");
        return id;
    }

    /// Puts every value into a queue of this process, by its `push` or `push_back`. The queue must
    /// outlive the route, and be safe to push to from the router's executor.
    template <class T, class OtherExecutor, class Queue>
    id_type add_queue(basic_receiver<T, OtherExecutor>&& from, Queue& queue, error_code& ec) {
        return add(
            std::move(from),
            [&queue](T value) {
                if constexpr (requires { queue.push(std::move(value)); })
                    queue.push(std::move(value));
                else
                    queue.push_back(std::move(value));
            },
            ec);
    }
    template <class T, class OtherExecutor, class Queue>
    id_type add_queue(basic_receiver<T, OtherExecutor>&& from, Queue& queue) {
        error_code ec;
        const id_type id = add_queue(std::move(from), queue, ec);
        if (ec) throw system_error(ec, "router::add_queue");
        return id;
    }

    /// Ends a route and gives its receiver back, with everything unread.
    /// *Errors*: `error::no_such_end`: there is no such route, or its channel has ended.
    any_receiver remove(id_type id, error_code& ec) {
        const auto at = state_->routes.find(id);
        ec = at != state_->routes.end() ? error_code() : error::no_such_end;
        if (ec) return any_receiver();
        const auto route = at->second;
        return route->take_back();
    }
    any_receiver remove(id_type id) {
        error_code ec;
        any_receiver removed = remove(id, ec);
        if (ec) throw system_error(ec, "router::remove");
        return removed;
    }

    /// Calls `handler` with each exception that leaves a callback, from now on. Default: they are counted
    /// only.
    void on_exception(std::function<void(std::exception_ptr)> handler) {
        state_->on_exception = std::move(handler);
    }

    /// How many exceptions have left callbacks.
    std::uint64_t exceptions() const noexcept { return state_->exceptions; }

    /// Ends all routes: at once, or when everything that has arrived was given to the callbacks. Routes
    /// that are added later are refused. To be called as often as one likes, from callbacks as well;
    /// `cancel` cuts a `drain` short, which a sender that floods could otherwise prolong.
    void stop(stop_mode how) { state_->stop(how); }

    /// Whether `stop` was called.
    bool is_stopped() const noexcept { return state_->is_stopped; }

    /// As `stop`, and completes when the last route has ended and its callback is destroyed.
    ///
    /// *Completion signature*: `void(error_code)`.
    ///
    /// *Per-operation cancellation.* All types: it completes with `asio::error::operation_aborted`, and
    /// the router goes on stopping.
    template <boost::asio::completion_token_for<void(error_code)> Token =
                  detail::default_token_t<executor_type>>
    auto async_stop(stop_mode how, Token&& token = Token()) {
        return boost::asio::async_compose<Token, void(error_code)>(
            stopping{state_, how, {}}, token, state_->executor);
    }

private:
    struct stopping {
        std::shared_ptr<detail::router_state> state;
        stop_mode how;
        std::shared_ptr<boost::asio::steady_timer> ended;

        template <class Self>
        void operator()(Self& self, const error_code& = {}) {
            if (ended) {
                const bool done = state->routes.empty();
                return self.complete(done ? error_code() : boost::asio::error::operation_aborted);
            }
            ended = state->until_ended();
            self.reset_cancellation_state(boost::asio::enable_total_cancellation());
            const auto s = state;
            const auto timer = ended;
            s->stop(how);
            // Either way it completes later.
            if (s->routes.empty()) return boost::asio::post(s->executor, std::move(self));
            timer->async_wait(std::move(self));
        }
    };

    template <class T, class OtherExecutor, class Callback>
    id_type add_route(
        basic_receiver<T, OtherExecutor>&& from, Callback&& callback, bool once, error_code& ec) {
        ec = state_->is_stopped || !from.is_open() ? error::not_open : error_code();
        if (!ec && !state_->executor) ec = error::not_bound;
        if (ec) return 0;
        using route_type = detail::typed_route<T, std::decay_t<Callback>>;
        const id_type id = ++state_->last_id;
        auto route = std::make_shared<route_type>(id, receiver<T>(std::move(from), state_->executor),
            std::forward<Callback>(callback), once, state_);
        state_->routes.emplace(id, route);
        route->start();
        return id;
    }

    std::shared_ptr<detail::router_state> state_;
};

}  // namespace strait

#endif
