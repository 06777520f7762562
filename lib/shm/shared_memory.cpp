//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include <strait/shared_memory.hpp>

#include "shm/region.hpp"

#include <boost/asio/error.hpp>

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace strait {

namespace detail {

error_code check_view(
    const void* data, std::size_t bytes, std::size_t alignment, std::size_t object_bytes) noexcept {
    if (bytes % object_bytes != 0 || reinterpret_cast<std::uintptr_t>(data) % alignment != 0)
        return boost::asio::error::invalid_argument;
    return {};
}

void throw_memory_error(const error_code& ec, const char* what) {
    throw system_error(ec, what);
}

}  // namespace detail

namespace {

void throw_if(const error_code& ec, const char* what) {
    if (ec) detail::throw_memory_error(ec, what);
}

}  // namespace

shared_memory::shared_memory(std::shared_ptr<const detail::region> whole) noexcept {
    if (!whole) return;
    const std::span<const std::byte> all(whole->data(), whole->size_bytes());
    part_ = part(std::move(whole), all);
}

shared_memory shared_memory::copy_of(std::span<const std::byte> content, error_code& ec) {
    ec.clear();
    if (content.empty()) return {};
    return shared_memory(detail::region::of_content(content, ec));
}

shared_memory shared_memory::copy_of(std::span<const std::byte> content) {
    error_code ec;
    shared_memory made = copy_of(content, ec);
    throw_if(ec, "shared_memory::copy_of");
    return made;
}

shared_memory shared_memory::filled(std::size_t bytes, std::byte value, error_code& ec) {
    shared_memory_builder builder(bytes, ec);
    if (ec) return {};
    if (value != std::byte{}) std::ranges::fill(builder.bytes(), value);
    return std::move(builder).freeze(ec);
}

shared_memory shared_memory::filled(std::size_t bytes, std::byte value) {
    error_code ec;
    shared_memory made = filled(bytes, value, ec);
    throw_if(ec, "shared_memory::filled");
    return made;
}

shared_memory shared_memory::slice(
    std::size_t offset, std::size_t bytes, error_code& ec) const noexcept {
    ec.clear();
    if (offset > part_.bytes || bytes > part_.bytes - offset)
        ec = boost::asio::error::invalid_argument;
    if (ec || bytes == 0) return {};
    return shared_memory(part(part_.owner, part_.span().subspan(offset, bytes)));
}

shared_memory shared_memory::slice(std::size_t offset, std::size_t bytes) const {
    error_code ec;
    shared_memory made = slice(offset, bytes, ec);
    throw_if(ec, "shared_memory::slice");
    return made;
}

private_memory shared_memory::take(error_code& ec) && {
    ec.clear();
    private_memory mine;
    if (empty()) return mine;
    const auto view = std::make_shared<detail::os::mapping>(
        part_.owner->memory(), detail::os::map_to::own, offset(), part_.bytes, ec);
    if (ec) return mine;
    mine.part_ = {view, std::span(view->data(), view->size_bytes())};
    part_ = {};
    return mine;
}

private_memory shared_memory::take() && {
    error_code ec;
    private_memory mine = std::move(*this).take(ec);
    throw_if(ec, "shared_memory::take");
    return mine;
}

bool operator==(const shared_memory& a, const shared_memory& b) noexcept {
    return a.part_.bytes == b.part_.bytes &&
           (a.part_.data == b.part_.data ||
               std::memcmp(a.part_.data, b.part_.data, a.part_.bytes) == 0);
}

std::size_t shared_memory::offset() const noexcept {
    return part_.owner ? static_cast<std::size_t>(part_.data - part_.owner->data()) : 0;
}

shared_memory_builder::shared_memory_builder(std::size_t bytes, error_code& ec) {
    ec.clear();
    if (bytes == 0) return;
    auto builder = detail::region_builder::make(bytes, ec);
    if (ec) return;
    const std::span<std::byte> all = builder->bytes();
    part_ = {std::move(builder), all};
}

shared_memory_builder::shared_memory_builder(std::size_t bytes) {
    error_code ec;
    *this = shared_memory_builder(bytes, ec);
    throw_if(ec, "shared_memory_builder");
}

shared_memory shared_memory_builder::freeze(error_code& ec) && {
    ec.clear();
    const auto building = std::move(part_);
    if (!building.owner) return {};
    return shared_memory(building.owner->freeze(ec));
}

shared_memory shared_memory_builder::freeze() && {
    error_code ec;
    shared_memory made = std::move(*this).freeze(ec);
    throw_if(ec, "shared_memory_builder::freeze");
    return made;
}

}  // namespace strait
