//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "link/block_table.hpp"

#include "link/block_pool.hpp"
#include "posix/fork_guard.hpp"
#include "posix/stream.hpp"
#include "wire/bytes.hpp"
#include "wire/frame.hpp"

#include <boost/asio/error.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace strait::detail {

void block_ref::put(byte_buffer& to) const {
    wire::put(to, id);
    wire::put(to, static_cast<std::uint32_t>(is_new));
    wire::put(to, offset);
    wire::put(to, bytes);
    wire::put(to, block_bytes);
}

bool block_ref::get(std::span<const std::byte> body) noexcept {
    wire::byte_source from(body);
    id = from.get<std::uint32_t>();
    const auto flags = from.get<std::uint32_t>();
    is_new = flags == 1;
    offset = from.get<std::uint64_t>();
    bytes = from.get<std::uint64_t>();
    block_bytes = from.get<std::uint64_t>();
    return !from.failed() && flags <= 1 && id != 0 && offset <= block_bytes &&
           bytes <= block_bytes - offset;
}

bool split_loans(
    std::span<const std::byte>& body, std::span<const std::byte>& refs) noexcept {
    std::uint32_t count = 0;
    if (body.size() < sizeof(count)) return false;
    wire::byte_source tail(body.last(sizeof(count)));
    count = tail.get<std::uint32_t>();
    const auto before = body.first(body.size() - sizeof(count));
    if (count == 0 || count > wire::max_loans || before.size() / block_ref::wire_bytes < count)
        return false;
    refs = before.last(count * block_ref::wire_bytes);
    body = before.first(before.size() - refs.size());
    return true;
}

block_table::block_table(const limits& bounds) noexcept
    : generation_(os::process_generation()),
      most_bytes_(bounds.max_pool_bytes),
      most_value_bytes_(bounds.max_message_bytes) {}

// The link, and who reads from its blocks, are the parent's.
bool block_table::is_forked() const noexcept {
    return generation_ != os::process_generation();
}

bool block_table::begin_use(incoming_message& message) {
    std::span<const std::byte> body = message.body;
    std::span<const std::byte> refs;
    if (message.has_loans && !split_loans(body, refs)) return false;
    std::size_t new_ones = 0;
    const std::lock_guard lock(mutex_);
    // Who reads has no more blocks than these, and who does not read could have any number.
    if (unsaid_.size() > max_blocks) return false;
    is_wanted_ = false;
    const auto use = [&](std::span<const std::byte> at, std::uint32_t& id) {
        block_ref ref;
        if (!ref.get(at) || !begin_use(ref)) return false;
        id = ref.id;
        new_ones += ref.is_new ? 1 : 0;
        return true;
    };
    if (message.in_block && !use(body, message.block_id)) return false;
    for (; !refs.empty(); refs = refs.subspan(block_ref::wire_bytes)) {
        std::uint32_t id = 0;
        if (!use(refs, id)) return false;
        message.loans.push_back(id);
    }
    return new_ones <= message.handles.size() + message.packed_handles || message.fault;
}

bool block_table::begin_use(const block_ref& ref) {
    if (ref.bytes > most_value_bytes_) return false;
    const auto at = slots_.find(ref.id);
    if (!ref.is_new) {
        if (at == slots_.end() || at->second.in_use || at->second.bytes != ref.block_bytes)
            return false;
        at->second.in_use = true;
        ++unread_;
        return true;
    }
    if (at != slots_.end() || !fits(ref.block_bytes)) return false;
    slot& s = slots_[ref.id];
    s.bytes = ref.block_bytes;
    s.in_use = true;
    ++unread_;
    used_bytes_ += s.bytes;
    return true;
}

// One that is larger than all of them may be there alone, as large as a message or the next size.
bool block_table::fits(std::uint64_t bytes) const noexcept {
    if (slots_.size() - kept_ >= max_blocks) return false;
    if (used_bytes_ == 0 && bytes / 2 <= most_value_bytes_) return true;
    return bytes <= most_bytes_ - std::min(most_bytes_, used_bytes_);
}

std::shared_ptr<const block_view> block_table::open(
    const block_ref& ref, handle memory, error_code& ec) {
    ec.clear();
    std::shared_ptr<const block_view> view;
    if (ref.is_new) view = block_view::of_peer(std::move(memory), ref.block_bytes, ec);
    if (ec) return nullptr;
    const std::lock_guard lock(mutex_);
    slot& s = slots_.at(ref.id);
    if (view) s.view = view;
    if (!s.view) ec = error::bad_attachment;
    return s.view;
}

void block_table::end_use(std::uint32_t id) noexcept {
    if (is_forked()) return;
    const std::lock_guard lock(mutex_);
    const auto at = slots_.find(id);
    if (at == slots_.end()) return;
    slot& s = at->second;
    if (!s.is_lent) --unread_;
    s.in_use = s.is_lent = false;
    // What was never mapped cannot be found by its number again.
    if (!s.view) keep(id, s);
    if (s.is_kept) {
        slots_.erase(at);
        --kept_;
        flush();
    } else {
        unsaid_bytes_ += s.bytes;
        say(id, false);
        flush_if_due();
    }
}

void block_table::lend(std::uint32_t id) noexcept {
    if (is_forked()) return;
    const std::lock_guard lock(mutex_);
    const auto at = slots_.find(id);
    if (at == slots_.end()) return;
    if (!std::exchange(at->second.is_lent, true)) --unread_;
    flush_if_due();
    if (!is_wanted_) return;
    keep(id, at->second);
    flush();
}

void block_table::sender_wants() noexcept {
    const std::lock_guard lock(mutex_);
    is_wanted_ = true;
    flush();
    if (!is_wanted_) return;  // that is the answer
    for (auto& [id, s] : slots_)
        if (s.is_lent) keep(id, s);
    flush();
}

bool block_table::is_wanted() const noexcept {
    const std::lock_guard lock(mutex_);
    return is_wanted_;
}

bool block_table::forget(std::uint32_t id) noexcept {
    const std::lock_guard lock(mutex_);
    const auto at = slots_.find(id);
    if (at == slots_.end() || at->second.in_use) return false;
    used_bytes_ -= at->second.bytes;
    slots_.erase(at);
    return true;
}

void block_table::attach(const handle& stream) noexcept {
    const std::lock_guard lock(mutex_);
    stream_ = &stream;
    flush();
}

void block_table::detach() noexcept {
    const std::lock_guard lock(mutex_);
    stream_ = nullptr;
}

// It belongs to whoever has it, and the sender may have another instead.
void block_table::keep(std::uint32_t id, slot& s) noexcept {
    if (std::exchange(s.is_kept, true)) return;
    ++kept_;
    used_bytes_ -= s.bytes;
    say(id, true);
}

void block_table::say(std::uint32_t id, bool for_good) noexcept {
    try {
        unsaid_.push_back({id, for_good});
    } catch (const std::bad_alloc&) {
        return;  // the sender goes without that block
    }
}

// A sender that waits is given much at once, rather than to be woken for each block.
void block_table::flush_if_due() noexcept {
    if (is_wanted_ || unread_ == 0 || unsaid_bytes_ >= used_bytes_ / 2) flush();
}

// What the system does not take now is said with what comes next; it is no more than there are
// blocks.
void block_table::flush() noexcept {
    if (stream_ == nullptr || unsaid_.empty()) return;
    constexpr std::size_t most_at_once = os::writes_are_whole ? 32 : 1;
    std::array<std::byte, most_at_once * wire::header_bytes> bytes;
    std::size_t done = 0;
    while (done != unsaid_.size()) {
        const std::size_t count = std::min(most_at_once, unsaid_.size() - done);
        for (std::size_t i = 0; i != count; ++i) {
            const news& n = unsaid_[done + i];
            wire::frame_header h;
            h.kind = wire::frame_kind::release;
            h.flags = n.for_good ? wire::flag_for_good : 0;
            h.stamp = 0;
            h.message_bytes = n.id;
            wire::store_header(h, bytes.data() + i * wire::header_bytes);
        }
        const piece whole{bytes.data(), count * wire::header_bytes};
        // It is said again when there is room, or memory; not when the sender is gone.
        const error_code ec = os::send_some(*stream_, {&whole, 1}, {}).ec;
        if (ec && ec != boost::asio::error::broken_pipe) break;
        done += count;
        is_wanted_ = false;  // it says so again if it needs more
    }
    unsaid_.erase(unsaid_.begin(), unsaid_.begin() + static_cast<std::ptrdiff_t>(done));
    if (unsaid_.empty()) unsaid_bytes_ = 0;
}

std::vector<block_table::entry> block_table::entries(
    std::span<const std::uint32_t> moving) const {
    const std::lock_guard lock(mutex_);
    std::vector<entry> all;
    for (const auto& [id, s] : slots_) {
        const bool stays =
            s.in_use && std::find(moving.begin(), moving.end(), id) == moving.end();
        if (s.is_kept) continue;  // the sender knows, or is told below
        const bool is_unsaid = std::any_of(unsaid_.begin(), unsaid_.end(),
            [id = id](const news& n) { return n.id == id && !n.for_good; });
        // One that is unread and not mapped moves with its message.
        if (stays || s.view) all.push_back({id, stays ? nullptr : s.view, is_unsaid});
    }
    for (const news& n : unsaid_)
        if (n.for_good) all.push_back({n.id, nullptr, false});
    return all;
}

std::vector<block_table::entry> block_table::entries_of(
    std::span<const std::uint32_t> moving) const {
    const std::lock_guard lock(mutex_);
    std::vector<entry> all;
    for (const std::uint32_t id : moving)
        if (const auto at = slots_.find(id); at != slots_.end() && at->second.view)
            all.push_back({id, at->second.view, false});
    return all;
}

error_code block_table::restore(
    std::uint32_t id, handle memory, std::uint64_t bytes, bool is_unsaid) {
    error_code ec;
    auto view = block_view::of_peer(std::move(memory), bytes, ec);
    if (ec) return ec;
    const std::lock_guard lock(mutex_);
    if (id == 0 || slots_.contains(id) || !fits(bytes)) return error::bad_attachment;
    slots_[id] = {std::move(view), bytes, false, false, false};
    used_bytes_ += bytes;
    if (is_unsaid) unsaid_.push_back({id, false});
    return {};
}

void block_table::restore_kept(std::uint32_t id) {
    const std::lock_guard lock(mutex_);
    unsaid_.push_back({id, true});
}

}  // namespace strait::detail
