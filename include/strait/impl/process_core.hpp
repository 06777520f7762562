//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_IMPL_PROCESS_CORE_HPP
#define STRAIT_IMPL_PROCESS_CORE_HPP

#include <strait/detail/config.hpp>
#include <strait/detail/ends/end_operations.hpp>
#include <strait/detail/link/operation.hpp>
#include <strait/exit_status.hpp>
#include <strait/impl/process_plan.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

namespace strait::detail {

// Waits for the end of a process.
class wait_operation : public operation {
public:
    exit_status status;

protected:
    ~wait_operation() = default;
};

// One child process without its executor's type. One thread or strand at a time, but for start and
// cancel of one operation.
class process_core {
public:
    virtual ~process_core() = default;

    virtual void bind(const asio::any_io_executor& executor) = 0;
    virtual asio::any_io_executor executor() const = 0;
    virtual bool is_open() const noexcept = 0;
    virtual std::int64_t id() const noexcept = 0;

    virtual void cancel() noexcept = 0;
    virtual void close() noexcept = 0;

    // The operation is finished in any case.
    virtual void start(wait_operation& op) = 0;
    virtual void cancel(std::uint64_t id, const error_code& why) noexcept = 0;

    virtual std::optional<exit_status> try_wait(error_code& ec) = 0;
    virtual exit_status wait(const deadline& until, error_code& ec) = 0;
    virtual void send_signal(int signal, error_code& ec) = 0;
    virtual void ask_to_end(error_code& ec) = 0;
    virtual void kill(error_code& ec) = 0;
};

// Starts a child; on success the plan has given away what it gave. The executor may be empty.
STRAIT_DECL std::shared_ptr<process_core> start_process(
    process_plan& plan, const asio::any_io_executor& executor, error_code& ec);

template <class Handler, class Executor>
class wait_handler_operation final
    : public handler_operation<wait_handler_operation<Handler, Executor>, wait_operation,
          process_core, Handler, Executor> {
public:
    using base = typename wait_handler_operation::handler_operation;

    template <class H>
    wait_handler_operation(
        H&& handler, std::shared_ptr<process_core> core, const Executor& io_executor)
        : base(std::forward<H>(handler), std::move(core), io_executor) {}

    void start(timeout limit) {
        if (this->core_) return this->enqueue(limit);
        this->result = error::not_open;
        this->finish(completion::post);
    }

    void run() {
        this->disconnect_slot();
        const error_code ec = this->result;
        const exit_status how = this->status;
        Handler handler = this->release();
        std::move(handler)(ec, how);
    }
};

template <class Executor>
class initiate_wait : public end_initiation<Executor> {
public:
    initiate_wait(std::shared_ptr<process_core> core, Executor executor)
        : end_initiation<Executor>(std::move(executor)), core_(std::move(core)) {}

    template <class Handler>
    void operator()(Handler&& handler, timeout limit) const {
        require_executor(handler, this->executor_);
        using op_type = wait_handler_operation<std::decay_t<Handler>, Executor>;
        op_type::make(std::forward<Handler>(handler), core_, this->executor_)->start(limit);
    }

private:
    std::shared_ptr<process_core> core_;
};

}  // namespace strait::detail

#endif
