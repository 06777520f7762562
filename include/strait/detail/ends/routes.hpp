//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_DETAIL_ENDS_ROUTES_HPP
#define STRAIT_DETAIL_ENDS_ROUTES_HPP

#include <strait/any_end.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <type_traits>
#include <unordered_map>
#include <utility>

// What a router consists of: routes, each of which receives and calls by itself.

namespace strait {

/// How a router stops.
enum class stop_mode {
    drain,   ///< What has arrived is still given to the callbacks.
    cancel,  ///< Nothing more is.
};

namespace detail {

class route {
public:
    virtual ~route() = default;

    virtual void start() = 0;
    virtual void stop(stop_mode how) = 0;

    // Ends without another call; the receiver, with everything unread, is the caller's.
    virtual any_receiver take_back() = 0;
    virtual const std::shared_ptr<receiver_core>& core() const noexcept = 0;
};

struct router_state {
    explicit router_state(const asio::any_io_executor& e) : executor(e) {}

    void erase(std::uint64_t id) {
        routes.erase(id);
        if (!routes.empty()) return;
        if (const auto timer = ended.lock()) timer->cancel();
    }

    void failed(std::exception_ptr e) {
        ++exceptions;
        // It may set another.
        if (const auto handler = on_exception) handler(e);
    }

    std::shared_ptr<asio::steady_timer> until_ended() {
        auto timer = ended.lock();
        if (timer) return timer;
        timer = std::make_shared<asio::steady_timer>(
            executor, asio::steady_timer::time_point::max());
        ended = timer;
        return timer;
    }

    void stop(stop_mode how) {
        is_stopped = true;
        // A route that ends leaves the table.
        const auto all = routes;
        for (const auto& [id, r] : all) r->stop(how);
    }

    asio::any_io_executor executor;
    std::unordered_map<std::uint64_t, std::shared_ptr<route>> routes;
    std::uint64_t last_id = 0;
    bool is_stopped = false;
    std::uint64_t exceptions = 0;
    std::function<void(std::exception_ptr)> on_exception;
    // Cancelled when there is no route. It belongs to those who wait, since the router may outlive
    // its context.
    std::weak_ptr<asio::steady_timer> ended;
};

// A callback is void(T), which hears of values only, or void(error_code, T), which hears of faults and
// of the end as well.
template <class Callback, class T>
inline constexpr bool hears_errors = std::is_invocable_v<Callback&, error_code, T>;

template <class Callback, class T>
concept route_callback = hears_errors<Callback, T> || std::is_invocable_v<Callback&, T>;

template <class T, class Callback>
class typed_route final : public route,
                          public std::enable_shared_from_this<typed_route<T, Callback>> {
public:
    typed_route(std::uint64_t id, receiver<T> from, Callback callback, bool once,
        const std::shared_ptr<router_state>& router)
        : id_(id),
          from_(std::move(from)),
          callback_(std::make_shared<Callback>(std::move(callback))),
          once_(once),
          router_(router) {
        from_.bind(router->executor);
        if constexpr (hears_errors<Callback, T>) from_.deliver_faults(true);
    }

    void start() override {
        from_.async_recv([self = this->shared_from_this()](const error_code& ec, T value) {
            self->on_received(ec, std::move(value));
        });
    }

    void stop(stop_mode how) override {
        if (how == stop_mode::cancel) return end();
        if (std::exchange(draining_, true)) return;
        // Not from here, which may be a callback's.
        from_.cancel();
        drain_later();
    }

    any_receiver take_back() override {
        any_receiver back = std::move(from_);
        back.cancel();
        if constexpr (hears_errors<Callback, T>) back.deliver_faults(false);
        end();
        return back;
    }

    const std::shared_ptr<receiver_core>& core() const noexcept override { return from_.core(); }

private:
    template <class Action>
    struct on_leaving {
        Action act;
        ~on_leaving() noexcept(false) { act(); }
    };
    template <class Action>
    on_leaving(Action) -> on_leaving<Action>;

    // So many in one turn of the event loop.
    static constexpr int batch = 64;

    asio::any_io_executor router_executor() const { return from_.get_executor(); }

    void on_received(const error_code& ec, T value) {
        if (ended_ || draining_) {
            // A message that came with the cancel is given like the others that are drained.
            if (draining_ && !ended_ && !ec) call(ec, std::move(value));
            return;
        }
        // Whatever is thrown out of here, the route goes on.
        const on_leaving next{[this, &ec] {
            if (ended_ || draining_) return;
            is_fatal(ec) || ec == asio::error::operation_aborted ? end() : start();
        }};
        call(ec, std::move(value));
    }

    void drain() {
        const on_leaving next{[this] {
            if (!ended_) drain_later();
        }};
        for (int i = 0; i != batch && !ended_; ++i) {
            error_code ec;
            T value = from_.try_recv(ec);
            if (ec == asio::error::would_block) return end();
            const on_leaving last{[this, &ec] {
                if (is_fatal(ec)) end();
            }};
            call(ec, std::move(value));
        }
    }

    void drain_later() {
        asio::post(router_executor(), [self = this->shared_from_this()] { self->drain(); });
    }

    void call(const error_code& ec, T value) {
        // The callback may end its route, and with it itself.
        const std::shared_ptr<Callback> callback = callback_;
        if (!callback) return;  // once, and that is over
        if (once_ && !ec) callback_.reset();
        try {
            if constexpr (hears_errors<Callback, T>)
                (*callback)(ec, std::move(value));
            else if (!ec)
                (*callback)(std::move(value));
        } catch (...) {
            if (const auto router = router_.lock()) router->failed(std::current_exception());
        }
    }

    void end() {
        if (std::exchange(ended_, true)) return;
        callback_.reset();
        from_.close();
        if (const auto router = router_.lock()) router->erase(id_);
    }

    const std::uint64_t id_;
    receiver<T> from_;
    std::shared_ptr<Callback> callback_;
    const bool once_;
    std::weak_ptr<router_state> router_;
    bool draining_ = false;
    bool ended_ = false;
};

}  // namespace detail
}  // namespace strait

#endif
