//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "link/payloads.hpp"

#include <strait/detail/link/cores.hpp>

#include <boost/asio/error.hpp>

#include <new>

namespace strait::detail {

namespace {

// A view of less than this is a copy: it would keep the memory of one read, with other messages in it.
constexpr std::size_t min_viewed_bytes = 4u << 10;

error_code check_allocation(const std::shared_ptr<sender_core>& through, std::size_t bytes) {
    if (!through || !through->is_open()) return error::not_open;
    if (through->is_forked()) return error::owner_changed;
    if (bytes > through->identity().bounds.max_message_bytes) return error::message_too_large;
    return {};
}

std::shared_ptr<payload> heap_payload(std::size_t bytes, std::span<std::byte>& writable) {
    if (bytes == 0) return nullptr;
    auto own = std::make_shared<heap_bytes>(bytes);
    writable = own->bytes();
    return own;
}

}  // namespace

std::shared_ptr<payload> allocate_payload(const std::shared_ptr<sender_core>& through,
    std::size_t bytes, std::span<std::byte>& writable, error_code& ec) {
    ec = check_allocation(through, bytes);
    if (ec) return nullptr;
    try {
        auto lender = through->lender();
        pool_block* block = nullptr;
        if (lender && bytes >= through->identity().bounds.min_pooled_bytes)
            block = lender->lend(bytes);
        if (block == nullptr) return heap_payload(bytes, writable);
        writable = block->memory->bytes().first(bytes);
        return lend_out(lender, *block);
    } catch (const std::bad_alloc&) {
        ec = asio::error::no_buffer_space;
        return nullptr;
    }
}

bool begin_allocation(const std::shared_ptr<sender_core>& through, std::size_t bytes,
    block_request& request, error_code& ec) {
    ec = check_allocation(through, bytes);
    return !ec && request.begin(*through, bytes);
}

std::shared_ptr<payload> end_allocation(block_request& request, std::size_t bytes,
    std::span<std::byte>& writable, error_code& ec) {
    try {
        pool_block* const block = request.take();
        if (block == nullptr) return heap_payload(bytes, writable);
        writable = block->memory->bytes().first(bytes);
        return lend_out(request.lender(), *block);
    } catch (const std::bad_alloc&) {
        ec = asio::error::no_buffer_space;
        return nullptr;
    }
}

std::shared_ptr<payload> lend_out(const std::shared_ptr<block_lender>& lender, pool_block& block) {
    try {
        return std::make_shared<lent_block>(lender, block);
    } catch (...) {
        lender->give_back(block);
        throw;
    }
}

payload_part view_payload(incoming_message& message, error_code& ec) {
    ec = message.fault ? message.fault : unfold(message);
    if (ec || message.body.empty()) return {};
    try {
        if (message.body.size() < min_viewed_bytes) return copy_payload(message.body);
        message.lend();
        auto kept = std::make_shared<received_message>(std::move(message));
        return {kept, kept->bytes()};
    } catch (const std::bad_alloc&) {
        ec = asio::error::no_buffer_space;
        return {};
    }
}

}  // namespace strait::detail
