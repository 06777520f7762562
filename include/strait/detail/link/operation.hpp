//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_DETAIL_LINK_OPERATION_HPP
#define STRAIT_DETAIL_LINK_OPERATION_HPP

#include <strait/detail/config.hpp>
#include <strait/detail/link/block_request.hpp>
#include <strait/detail/link/outgoing_message.hpp>
#include <strait/detail/wire/incoming_message.hpp>
#include <strait/error.hpp>

#include <cstddef>
#include <cstdint>

// What the compiled core knows of an operation that waits: a node of a queue, and how to schedule
// its completion. The typed side derives from it and owns the memory.

namespace strait::detail {

// How an operation is to be completed, or that it never will be.
enum class completion {
    post,      // on its executor, never from within the call
    dispatch,  // on its executor, from within the call if that is where we are
    destroy,   // not at all: its execution context goes away
};

class operation {
public:
    operation(const operation&) = delete;
    operation& operator=(const operation&) = delete;

    // Called without any lock held; the operation may be gone when it returns.
    virtual void finish(completion how) = 0;

    // Keeps its executors busy until it is finished; for what may be completed by another thread, or
    // waits in no reactor.
    virtual void hold_work() = 0;

    operation* next_in_queue = nullptr;
    operation* previous_in_queue = nullptr;
    const std::uint64_t id = next_id();  // never used again, so that a late cancel finds nothing
    error_code result;

protected:
    operation() = default;
    ~operation() = default;

private:
    STRAIT_DECL static std::uint64_t next_id() noexcept;
};

// An operation that receives. It is *granted* a message when one is at hand, which stays in the
// inbox until the operation's final handler is about to be called.
class recv_operation : public operation {
public:
    enum class state { idle, waiting, granted, over };
    state where = state::idle;
    std::uint64_t cancels = 0;  // of its receiver until the operation took a message

protected:
    ~recv_operation() = default;
};

// Operations that wait for the same thing.
struct operation_group {
    std::size_t operations = 0;
};

// An operation that sends a message, or several one behind the other. When it completes with success
// all of them were written entirely. Or one that sends nothing, and waits for a block.
class send_operation : public operation {
public:
    outgoing_message* message = nullptr;  // the next to be written; null when all are
    block_request* request = nullptr;     // what it waits for instead
    const void* owner = nullptr;          // the sender object that started it
    operation_group* group = nullptr;  // where it waits, unless a thread is blocked in it
    bool is_blocking = false;
    bool is_over = false;

    // What it will send, prepared.
    void begin_with(outgoing_message& first) noexcept { first_ = message = &first; }
    void begin_with(block_request& wait) noexcept { request = &wait; }

    // The message was written; on to the one behind it.
    void advance() noexcept { message = message->behind; }

    // Bytes of what was not written.
    std::size_t held_bytes() const noexcept {
        std::size_t bytes = 0;
        for (const outgoing_message* m = message; m != nullptr; m = m->behind)
            bytes += m->held_bytes();
        return bytes;
    }

    std::size_t values_sent() const noexcept {
        std::size_t values = 0;
        for (const outgoing_message* m = first_; m != message; m = m->behind)
            values += m->value_count();
        return message != nullptr ? values + message->values_written() : values;
    }

    // Lets go of what was written, and takes back the rest. Without any lock held: what a message
    // carried may lead back here.
    void settle() noexcept {
        for (outgoing_message* m = first_; m != message; m = m->behind) m->sent();
        for (outgoing_message* m = message; m != nullptr; m = m->behind) m->revoke();
    }

protected:
    ~send_operation() = default;

private:
    outgoing_message* first_ = nullptr;
};

// A first in first out queue of operations, which does not own them.
template <class Operation>
class operation_queue {
public:
    bool empty() const noexcept { return first_ == nullptr; }
    std::size_t size() const noexcept { return size_; }
    Operation* front() const noexcept { return static_cast<Operation*>(first_); }
    static Operation* after(const Operation& op) noexcept {
        return static_cast<Operation*>(op.next_in_queue);
    }

    void push_back(Operation& op) noexcept { insert(op, last_, nullptr); }
    void push_front(Operation& op) noexcept { insert(op, nullptr, first_); }

    void erase(Operation& op) noexcept {
        (op.previous_in_queue ? op.previous_in_queue->next_in_queue : first_) = op.next_in_queue;
        (op.next_in_queue ? op.next_in_queue->previous_in_queue : last_) = op.previous_in_queue;
        op.next_in_queue = op.previous_in_queue = nullptr;
        --size_;
    }

    Operation* pop_front() noexcept {
        Operation* op = front();
        if (op != nullptr) erase(*op);
        return op;
    }

    Operation* find(std::uint64_t id) const noexcept {
        operation* op = first_;
        while (op != nullptr && op->id != id) op = op->next_in_queue;
        return static_cast<Operation*>(op);
    }

    // Takes all of the other queue to the end of this one.
    void splice(operation_queue& other) noexcept {
        while (Operation* op = other.pop_front()) push_back(*op);
    }

private:
    void insert(Operation& op, operation* before, operation* behind) noexcept {
        op.previous_in_queue = before;
        op.next_in_queue = behind;
        (before ? before->next_in_queue : first_) = &op;
        (behind ? behind->previous_in_queue : last_) = &op;
        ++size_;
    }

    operation* first_ = nullptr;
    operation* last_ = nullptr;
    std::size_t size_ = 0;
};

}  // namespace strait::detail

#endif
