//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_DETAIL_ENDS_BYTES_VIEW_HPP
#define STRAIT_DETAIL_ENDS_BYTES_VIEW_HPP

#include <strait/detail/copy.hpp>
#include <strait/detail/ends/end_operations.hpp>

#include <boost/asio/error.hpp>

#include <cstddef>
#include <memory>
#include <span>
#include <utility>

// Bytes of the caller, to be sent and to be received into.

namespace strait {

struct bytes;

namespace detail {

struct bytes_view {
    std::span<const std::byte> content;
};

// Copies the bytes of a message into a buffer. What does not fit stays first in line.
inline error_code copy_bytes(const std::shared_ptr<receiver_core>& from, incoming_message& message,
    std::span<std::byte> into, std::size_t& size) {
    if (message.fault) return message.fault;
    if (error_code ec = unfold(message)) return ec;
    size = message.body.size();
    if (size > into.size()) {
        from->put_back(std::move(message));
        return asio::error::message_size;
    }
    copy_memory(into.data(), message.body.data(), size);
    return {};
}

// void(error_code, std::size_t)
class buffer_target {
public:
    explicit buffer_target(std::span<std::byte> into) noexcept : into_(into) {}

    void prepare() noexcept {}

    error_code accept(
        const std::shared_ptr<receiver_core>& from, incoming_message& message, diagnostics&) {
        return copy_bytes(from, message, into_, size_);
    }

    template <class Handler>
    void complete(Handler& handler, const error_code& ec) {
        std::move(handler)(ec, size_);
    }

private:
    std::span<std::byte> into_;
    std::size_t size_ = 0;
};

}  // namespace detail
}  // namespace strait

#endif
