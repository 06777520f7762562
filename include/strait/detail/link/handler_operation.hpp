//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_DETAIL_LINK_HANDLER_OPERATION_HPP
#define STRAIT_DETAIL_LINK_HANDLER_OPERATION_HPP

#include <strait/detail/link/cores.hpp>
#include <strait/error.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_allocator.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

// The typed half of an operation: the handler, its executor, allocator and cancellation slot.

namespace strait::detail {

// Whether there is anywhere to complete on: the executor of an unbound end is empty.
template <class Executor>
bool has_executor(const Executor& executor) noexcept {
    if constexpr (std::is_same_v<Executor, asio::any_io_executor>)
        return static_cast<bool>(executor);
    else
        return true;
}

// What is posted: owns the operation until it runs, and ends it if it never does.
template <class Operation>
class scheduled_operation {
public:
    using allocator_type = typename Operation::allocator_type;

    explicit scheduled_operation(Operation* op) noexcept
        : op_(op), allocator_(op->get_allocator()) {}
    scheduled_operation(scheduled_operation&& other) noexcept
        : op_(std::exchange(other.op_, nullptr)), allocator_(other.allocator_) {}
    ~scheduled_operation() {
        if (op_ != nullptr) op_->abandon();
    }

    allocator_type get_allocator() const noexcept { return allocator_; }

    void operator()() { std::exchange(op_, nullptr)->run(); }

private:
    Operation* op_;
    allocator_type allocator_;
};

// Keeps the executor of the handler busy while the operation waits; not needed where that is the
// executor of the end, on which the wait itself is work.
template <class Executor, class IoExecutor>
class handler_work {
public:
    handler_work(const Executor& executor, const IoExecutor& io_executor) {
        if constexpr (std::is_same_v<Executor, IoExecutor>)
            if (executor == io_executor) return;
        guard_.emplace(executor);
    }

private:
    std::optional<asio::executor_work_guard<Executor>> guard_;
};

// Ends an operation when its time is over. It names the operation by number: whether that still
// waits is found out under the core's mutex.
template <class Core>
class operation_timer {
public:
    using timer = asio::basic_waitable_timer<std::chrono::steady_clock,
        asio::wait_traits<std::chrono::steady_clock>, asio::any_io_executor>;

    operation_timer(const asio::any_io_executor& executor, std::chrono::nanoseconds timeout,
        const std::shared_ptr<Core>& core, std::uint64_t id)
        : timer_(executor, timeout) {
        timer_.async_wait([weak = std::weak_ptr<Core>(core), id](const error_code& ec) {
            if (ec) return;
            if (const auto alive = weak.lock()) alive->cancel(id, asio::error::timed_out);
        });
    }

private:
    timer timer_;
};

// Base is recv_operation or send_operation; Derived has run(), which is called on the handler's
// executor and comes to an end with take_handler.
template <class Derived, class Base, class Core, class Handler, class IoExecutor>
class handler_operation : public Base {
public:
    using executor_type = asio::associated_executor_t<Handler, IoExecutor>;
    using allocator_type = asio::associated_allocator_t<Handler>;

    allocator_type get_allocator() const noexcept {
        return asio::get_associated_allocator(handler_);
    }

    template <class H, class... Args>
    static Derived* make(H&& handler, Args&&... args) {
        using traits = typename std::allocator_traits<allocator_type>::template rebind_traits<Derived>;
        typename traits::allocator_type allocator(asio::get_associated_allocator(handler));
        Derived* memory = traits::allocate(allocator, 1);
        try {
            return ::new (static_cast<void*>(memory))
                Derived(std::forward<H>(handler), std::forward<Args>(args)...);
        } catch (...) {
            traits::deallocate(allocator, memory, 1);
            throw;
        }
    }

    void finish(completion how) override {
        if (how == completion::destroy) return abandon();
        const executor_type executor = asio::get_associated_executor(handler_, io_executor_);
        scheduled_operation<Derived> scheduled(self());
        if (how == completion::post)
            asio::post(executor, std::move(scheduled));
        else
            asio::dispatch(executor, std::move(scheduled));
    }

    // Destroys the operation and its handler, uncalled.
    void abandon() { [[maybe_unused]] const Handler dropped = release(); }

protected:
    template <class H>
    handler_operation(H&& handler, std::shared_ptr<Core> core, const IoExecutor& io_executor)
        : core_(std::move(core)),
          handler_(std::forward<H>(handler)),
          io_executor_(io_executor),
          work_(asio::get_associated_executor(handler_, io_executor_), io_executor_) {}

    // The handler's slot asks the core to cancel, by number: emitting late is harmless.
    void connect_slot() {
        auto slot = asio::get_associated_cancellation_slot(handler_);
        if (!slot.is_connected()) return;
        slot.assign([weak = std::weak_ptr<Core>(core_), id = this->id](
                        asio::cancellation_type type) {
            if (type == asio::cancellation_type::none) return;
            if (const auto alive = weak.lock())
                alive->cancel(id, asio::error::operation_aborted);
        });
    }

    void disconnect_slot() {
        auto slot = asio::get_associated_cancellation_slot(handler_);
        if (slot.is_connected()) slot.clear();
    }

    // Frees the memory of the operation and gives its handler, to be called now.
    Handler release() {
        using traits = typename std::allocator_traits<allocator_type>::template rebind_traits<Derived>;
        typename traits::allocator_type allocator(get_allocator());
        Handler handler(std::move(handler_));
        Derived* me = self();
        me->~Derived();
        traits::deallocate(allocator, me, 1);
        return handler;
    }

    const std::shared_ptr<Core> core_;

private:
    Derived* self() noexcept { return static_cast<Derived*>(this); }

    Handler handler_;
    IoExecutor io_executor_;
    handler_work<executor_type, IoExecutor> work_;
};

}  // namespace strait::detail

#endif
