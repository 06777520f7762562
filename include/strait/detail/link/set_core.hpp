//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_DETAIL_LINK_SET_CORE_HPP
#define STRAIT_DETAIL_LINK_SET_CORE_HPP

#include <strait/detail/config.hpp>
#include <strait/detail/link/cores.hpp>
#include <strait/detail/link/operation.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

// A set of receivers without their types.

namespace strait::detail {

// What came up in a set.
struct raw_event {
    std::uint64_t id = 0;  // of the member
    error_code code;       // eof: the member is gone; none: there is a message
    incoming_message message;
    std::shared_ptr<receiver_core> from;
};

class select_operation : public operation {
public:
    enum class state { idle, waiting, granted, over };
    state where = state::idle;

protected:
    ~select_operation() = default;
};

// An operation that was started is finished exactly once unless the context goes away. One thread
// or strand at a time.
class set_core {
public:
    virtual ~set_core() = default;

    virtual void bind(const asio::any_io_executor& executor) = 0;
    virtual asio::any_io_executor executor() const = 0;
    virtual bool is_open() const noexcept = 0;
    virtual void cancel() noexcept = 0;
    virtual void close() noexcept = 0;

    // The number of the new member; 0 with an error, and the receiver is as it was.
    virtual std::uint64_t add(const std::shared_ptr<receiver_core>& member, error_code& ec) = 0;
    virtual std::shared_ptr<receiver_core> remove(std::uint64_t id, error_code& ec) = 0;
    virtual std::shared_ptr<receiver_core> find(std::uint64_t id) const noexcept = 0;
    virtual std::size_t size() const noexcept = 0;

    virtual void start(select_operation& op) = 0;
    virtual void cancel(std::uint64_t id, const error_code& why) noexcept = 0;

    // On the operation's final executor, before its handler is called. False: the operation waits
    // again, because there was nothing after all.
    virtual bool take(select_operation& op, std::vector<raw_event>& out) = 0;
    virtual void forget(select_operation& op) noexcept = 0;

    // Whatever there is; blocks until there is something, or does not.
    virtual error_code select(std::vector<raw_event>& out, const deadline& until) = 0;
    virtual error_code try_select(std::vector<raw_event>& out) = 0;
};

// The executor may be empty.
STRAIT_DECL std::shared_ptr<set_core> make_set_core(const asio::any_io_executor& executor);

}  // namespace strait::detail

#endif
