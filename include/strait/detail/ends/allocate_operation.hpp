//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_DETAIL_ENDS_ALLOCATE_OPERATION_HPP
#define STRAIT_DETAIL_ENDS_ALLOCATE_OPERATION_HPP

#include <strait/detail/codec/attachment.hpp>
#include <strait/detail/ends/end_operations.hpp>

#include <cstddef>
#include <memory>
#include <span>
#include <utility>

// Waiting for memory of a channel, in line with the sends of its link.

namespace strait::detail {

// More than any message may have where the number of bytes is none.
template <class Object>
constexpr std::size_t bytes_of(std::size_t count) noexcept {
    return count > std::size_t(-1) / sizeof(Object) ? std::size_t(-1) : count * sizeof(Object);
}

template <class Loan>
Loan loan_of(std::shared_ptr<payload> owner, std::span<std::byte> all) {
    using object = typename Loan::value_type;
    if (!owner) return {};
    const std::span<object> objects(
        reinterpret_cast<object*>(all.data()), all.size() / sizeof(object));
    return end_access::make<Loan>(std::move(owner), objects);
}

// void(error_code, Loan)
template <class Loan, class Handler, class Executor>
class allocate_operation final
    : public handler_operation<allocate_operation<Loan, Handler, Executor>, send_operation,
          sender_core, Handler, Executor> {
public:
    using base = typename allocate_operation::handler_operation;

    template <class H>
    allocate_operation(H&& handler, std::shared_ptr<sender_core> core, const Executor& io_executor,
        std::size_t bytes)
        : base(std::forward<H>(handler), std::move(core), io_executor), bytes_(bytes) {
        this->begin_with(request_);
    }

    void start() {
        if (!begin_allocation(this->core_, bytes_, request_, this->result))
            return this->finish(completion::post);
        this->enqueue({});
    }

    void run() {
        this->disconnect_slot();
        error_code ec = this->result;
        std::span<std::byte> all;
        std::shared_ptr<payload> memory;
        if (!ec) memory = end_allocation(request_, bytes_, all, ec);
        Handler handler = this->release();
        std::move(handler)(ec, loan_of<Loan>(std::move(memory), all));
    }

private:
    block_request request_;
    std::size_t bytes_;
};

template <class Loan, class Executor>
class initiate_allocate : public end_initiation<Executor> {
public:
    initiate_allocate(std::shared_ptr<sender_core> core, Executor executor)
        : end_initiation<Executor>(std::move(executor)), core_(std::move(core)) {}

    template <class Handler>
    void operator()(Handler&& handler, std::size_t bytes) const {
        require_executor(handler, this->executor_);
        using op_type = allocate_operation<Loan, std::decay_t<Handler>, Executor>;
        op_type::make(std::forward<Handler>(handler), core_, this->executor_, bytes)->start();
    }

private:
    std::shared_ptr<sender_core> core_;
};

}  // namespace strait::detail

#endif
