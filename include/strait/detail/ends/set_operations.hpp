//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_DETAIL_ENDS_SET_OPERATIONS_HPP
#define STRAIT_DETAIL_ENDS_SET_OPERATIONS_HPP

#include <strait/detail/ends/end_operations.hpp>
#include <strait/detail/link/set_core.hpp>

#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

// The asynchronous operations of a set of receivers.

namespace strait::detail {

template <class Event>
std::vector<Event> to_events(std::vector<raw_event> raw) {
    std::vector<Event> events;
    events.reserve(raw.size());
    for (raw_event& r : raw) events.emplace_back(std::move(r));
    return events;
}

template <class Event, class Handler, class Executor>
class select_handler_operation final
    : public handler_operation<select_handler_operation<Event, Handler, Executor>,
          select_operation, set_core, Handler, Executor> {
public:
    using base = typename select_handler_operation::handler_operation;

    template <class H>
    select_handler_operation(
        H&& handler, std::shared_ptr<set_core> core, const Executor& io_executor)
        : base(std::forward<H>(handler), std::move(core), io_executor) {}

    ~select_handler_operation() {
        if (this->core_ && this->where == select_operation::state::granted)
            this->core_->forget(*this);
    }

    void start(timeout limit) {
        if (this->core_) return this->enqueue(limit);
        this->result = error::not_open;
        this->finish(completion::post);
    }

    // The events leave the set here and not before, so that whatever keeps this from being called
    // leaves them to the next.
    void run() {
        std::vector<Event> events;
        {
            guard unless_done{this};
            std::vector<raw_event> raw;
            if (this->core_ && !this->core_->take(*this, raw)) return unless_done.dismiss();
            events = to_events<Event>(std::move(raw));
            unless_done.dismiss();
        }
        const error_code ec = this->result;
        this->disconnect_slot();
        Handler handler = this->release();
        std::move(handler)(ec, std::move(events));
    }

private:
    // Frees the operation when there is no memory for what it took.
    struct guard {
        select_handler_operation* op;
        void dismiss() noexcept { op = nullptr; }
        ~guard() {
            if (op != nullptr) op->abandon();
        }
    };
};

template <class Event, class Executor>
class initiate_select : public end_initiation<Executor> {
public:
    initiate_select(std::shared_ptr<set_core> core, Executor executor)
        : end_initiation<Executor>(std::move(executor)), core_(std::move(core)) {}

    template <class Handler>
    void operator()(Handler&& handler, timeout limit) const {
        require_executor(handler, this->executor_);
        using op_type = select_handler_operation<Event, std::decay_t<Handler>, Executor>;
        op_type::make(std::forward<Handler>(handler), core_, this->executor_)->start(limit);
    }

private:
    std::shared_ptr<set_core> core_;
};

}  // namespace strait::detail

#endif
