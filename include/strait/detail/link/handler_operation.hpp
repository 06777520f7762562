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
#include <boost/asio/execution.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/recycling_allocator.hpp>
#include <boost/asio/require.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <type_traits>
#include <utility>

// The typed half of an operation: the handler, its executor, allocator and cancellation slot.

namespace strait::detail {

using timeout = std::optional<std::chrono::nanoseconds>;

// Whether there is anywhere to complete on: the executor of an unbound end is empty. Other types
// than any_io_executor can be so as well, such as what as_default_on derives from it.
template <class Executor>
bool has_executor(const Executor& executor) noexcept {
    if constexpr (std::is_constructible_v<bool, const Executor&>)
        return static_cast<bool>(executor);
    else
        return true;
}

// Whether functions can be posted to it. any_completion_executor of Asio 1.26 cannot be asked never
// to call within execute.
template <class Executor>
inline constexpr bool can_post =
    !asio::execution::is_executor<Executor>::value ||
    asio::can_require<Executor, asio::execution::blocking_t::never_t>::value;

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

// What is posted to the executor of the end when that of the handler does not take it.
template <class Executor, class Operation>
class detour {
public:
    using allocator_type = typename Operation::allocator_type;

    detour(const Executor& executor, scheduled_operation<Operation> op)
        : executor_(executor), op_(std::move(op)) {}

    allocator_type get_allocator() const noexcept { return op_.get_allocator(); }

    void operator()() { asio::dispatch(executor_, std::move(op_)); }

private:
    Executor executor_;
    scheduled_operation<Operation> op_;
};

// Keeps the executor of the handler busy while the operation waits; not needed where that is the
// executor of the end, on which the wait itself is work as a rule.
template <class Executor, class IoExecutor>
class handler_work {
public:
    handler_work(const Executor& executor, const IoExecutor& io_executor) {
        if constexpr (std::is_same_v<Executor, IoExecutor>)
            if (executor == io_executor) return;
        guard_.emplace(executor);
    }

    // Where it is not: another thread that completes the operation ends the wait before it posts the
    // completion, and ends of in-process channels wait in no reactor.
    void hold_end(const IoExecutor& io_executor) {
        if (!io_guard_ && has_executor(io_executor)) io_guard_.emplace(io_executor);
    }

    // The end has nothing to do any more; what is returned keeps its executor busy until the
    // completion is posted.
    std::optional<asio::executor_work_guard<IoExecutor>> take_end_work() noexcept {
        return std::exchange(io_guard_, std::nullopt);
    }

private:
    std::optional<asio::executor_work_guard<Executor>> guard_;
    std::optional<asio::executor_work_guard<IoExecutor>> io_guard_;
};

// Ends an operation when its time is over. It names the operation by number: whether that still
// waits is found out under the core's mutex. The time begins when the operation is in the queue,
// since where several threads run the executor it could be over before. By then the operation may
// be gone: whoever starts it holds the timer as well.
template <class Core>
class operation_timer {
public:
    explicit operation_timer(const asio::any_io_executor& executor)
        : timer_(std::in_place, executor) {}

    void start(std::chrono::nanoseconds after, const std::shared_ptr<Core>& core,
        std::uint64_t id) noexcept {
        try {
            const std::lock_guard lock(mutex_);
            if (!timer_) return;
            timer_->expires_after(after);
            timer_->async_wait([weak = std::weak_ptr<Core>(core), id](const error_code& ec) {
                if (ec) return;
                if (const auto alive = weak.lock()) alive->cancel(id, asio::error::timed_out);
            });
        } catch (...) {
            core->cancel(id, asio::error::no_memory);
        }
    }

    void stop() noexcept {
        const std::lock_guard lock(mutex_);
        timer_.reset();
    }

private:
    using timer = asio::basic_waitable_timer<std::chrono::steady_clock,
        asio::wait_traits<std::chrono::steady_clock>, asio::any_io_executor>;

    std::mutex mutex_;
    std::optional<timer> timer_;
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
        auto allocator = memory_for(asio::get_associated_allocator(handler));
        using traits = std::allocator_traits<decltype(allocator)>;
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
        // What takes something last may have to wait again.
        if constexpr (!requires { &Base::where; })
            if (timer_) timer_->stop();
        const executor_type executor = asio::get_associated_executor(handler_, io_executor_);
        [[maybe_unused]] const auto end_work = work_.take_end_work();
        scheduled_operation<Derived> scheduled(self());
        if (how == completion::dispatch)
            asio::dispatch(executor, std::move(scheduled));
        else if constexpr (can_post<executor_type>)
            asio::post(executor, std::move(scheduled));
        else
            asio::post(IoExecutor(io_executor_),
                detour<executor_type, Derived>(executor, std::move(scheduled)));
    }

    void hold_work() override { work_.hold_end(io_executor_); }

    // Destroys the operation and its handler, uncalled.
    void abandon() { [[maybe_unused]] const Handler dropped = release(); }

protected:
    template <class H>
    handler_operation(H&& handler, std::shared_ptr<Core> core, const IoExecutor& io_executor)
        : core_(std::move(core)),
          handler_(std::forward<H>(handler)),
          io_executor_(io_executor),
          work_(asio::get_associated_executor(handler_, io_executor_), io_executor_) {}

    ~handler_operation() {
        if (timer_) timer_->stop();
    }

    // Hands the operation to the core. It may be over, and gone, when this returns.
    void enqueue(timeout limit) {
        const std::shared_ptr<Core> core = core_;
        const std::uint64_t number = this->id;
        std::shared_ptr<operation_timer<Core>> timer;
        try {
            connect_slot();
            if (limit)
                if (const asio::any_io_executor executor = core->executor())
                    timer = timer_ = std::make_shared<operation_timer<Core>>(executor);
        } catch (...) {
            abandon();
            throw;
        }
        core->start(*this);
        if (timer) timer->start(*limit, core, number);
    }

    void disconnect_slot() {
        auto slot = asio::get_associated_cancellation_slot(handler_);
        if (slot.is_connected()) slot.clear();
    }

    // Frees the memory of the operation and gives its handler, to be called now.
    Handler release() {
        auto allocator = memory_for(get_allocator());
        using traits = std::allocator_traits<decltype(allocator)>;
        Handler handler(std::move(handler_));
        Derived* me = self();
        me->~Derived();
        traits::deallocate(allocator, me, 1);
        return handler;
    }

    const std::shared_ptr<Core> core_;

private:
    Derived* self() noexcept { return static_cast<Derived*>(this); }

    // A handler that names no allocator is content with memory that the thread running it used
    // before, as for Asio's own operations.
    using memory_allocator =
        std::conditional_t<std::is_same_v<allocator_type, std::allocator<void>>,
            asio::recycling_allocator<void>, allocator_type>;
    static auto memory_for(const allocator_type& given) {
        using rebound = typename std::allocator_traits<memory_allocator>::template rebind_alloc<Derived>;
        if constexpr (std::is_same_v<memory_allocator, allocator_type>)
            return rebound(given);
        else
            return rebound();
    }

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

    Handler handler_;
    IoExecutor io_executor_;
    handler_work<executor_type, IoExecutor> work_;
    std::shared_ptr<operation_timer<Core>> timer_;
};

}  // namespace strait::detail

#endif
