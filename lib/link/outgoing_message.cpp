//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include <strait/detail/link/outgoing_message.hpp>

#include "link/attachment_table.hpp"
#include "link/block_lender.hpp"
#include "link/block_table.hpp"
#include "link/cargo.hpp"
#include "link/carried.hpp"
#include "link/link_sender.hpp"
#include "link/payloads.hpp"
#include "posix/handle_pack.hpp"
#include "posix/memory.hpp"
#include "posix/stream.hpp"
#include "shm/region.hpp"
#include "wire/frame.hpp"

#include <strait/detail/link/cores.hpp>

#include <boost/asio/error.hpp>

#include <algorithm>
#include <limits>
#include <utility>

namespace strait::detail {

struct outgoing_message::item {
    attachment_kind kind;
    const handle* lent = nullptr;             // a handle: where it is, unless it is
    handle owned;                             // here
    link_offer offer;                         // for the sender, once it has one
    std::shared_ptr<sender_core> sender;
    std::shared_ptr<receiver_core> receiver;
    std::unique_ptr<cargo> load;              // of the receiver, once it is stopped
    std::shared_ptr<const region> memory;
    payload_part part;
};

namespace {

// What a message may have in all; its frames say so in 32 bits.
std::uint64_t most_bytes(const limits& bounds, bool has_table) noexcept {
    return std::min<std::uint64_t>(wire::max_body_bytes(bounds, has_table),
        std::numeric_limits<std::uint32_t>::max());
}

}  // namespace

outgoing_message::outgoing_message() noexcept = default;

outgoing_message::~outgoing_message() {
    revoke();
}

void outgoing_message::begin(ownership mode, byte_buffer buffer, sender_core* through) {
    revoke();
    mode_ = mode;
    through_ = through;
    buffer_ = std::move(buffer);
    buffer_.clear();
    if (through != nullptr)
        buffer_.overflow_into(this, through->identity().bounds.min_pooled_bytes);
    buffer_.extend(wire::header_bytes);
}

bool outgoing_message::is_joinable() const noexcept {
    // Copying more than this costs more than a write of its own saves.
    constexpr std::size_t most_joined = 8u << 10;
    const std::size_t bytes = body().size();
    return !has_attachments() && loans_.empty() && !buffer_.is_in_source() &&
           bytes <= most_joined && bytes <= through_->identity().bounds.max_message_bytes &&
           through_->in_process() == nullptr;
}

bool outgoing_message::join(const outgoing_message& one) {
    const std::span<const std::byte> body = one.body();
    if (buffer_.size() + wire::header_bytes + body.size() > wire::max_write_bytes) return false;
    wire::frame_header h;
    h.payload_bytes = h.message_bytes = static_cast<std::uint32_t>(body.size());
    h.flags = wire::flag_last;
    if (buffer_.empty()) value_count_ = 0;
    wire::store_header(h, buffer_.extend(wire::header_bytes));
    buffer_.append(body);
    ++value_count_;
    held_bytes_ = buffer_.size();
    cursor_ = message_cursor::of_frames({buffer_.data(), buffer_.size()});
    return true;
}

std::span<std::byte> outgoing_message::room(std::size_t bytes) {
    if (!lender_) lender_ = through_->lender();
    pool_block* larger = lender_ ? lender_->lend(bytes) : nullptr;
    if (larger == nullptr) return {};
    // What it held is copied when this returns, and not before.
    if (outgrown_ != nullptr) lender_->give_back(*outgrown_);
    outgrown_ = std::exchange(block_, larger);
    return larger->memory->bytes();
}

outgoing_message::item& outgoing_message::add_item() {
    items_.emplace_back();
    ++item_count_;
    return items_.back();
}

std::uint32_t outgoing_message::add(const handle& h) {
    if (!h.is_open()) throw system_error(error::empty_end);
    handle copy;
    if (mode_ == ownership::copy || mode_ == ownership::share) copy = h.duplicate();
    item& i = add_item();
    i.kind = attachment_kind::handle;
    if (mode_ == ownership::consume) {
        // The value was given up: its members are ours, although encoding sees them as const.
        i.owned = std::move(const_cast<handle&>(h));
    } else if (mode_ == ownership::lend) {
        i.lent = &h;
    } else {
        i.owned = std::move(copy);
    }
    return item_count_ - 1;
}

std::uint32_t outgoing_message::add(const std::shared_ptr<sender_core>& sender) {
    if (!sender || !sender->is_open()) throw system_error(error::empty_end);
    // However often a sender occurs in a message, it gets one link.
    for (std::uint32_t i = 0; i < item_count_; ++i) {
        if (!items_[i].sender || items_[i].sender->link_key() != sender->link_key()) continue;
        if (mode_ == ownership::consume && items_[i].sender != sender)
            more_senders_.push_back(sender);
        ++repeated_senders_;
        return i;
    }
    item& i = add_item();
    i.kind = attachment_kind::sender;
    i.sender = sender;
    return item_count_ - 1;
}

std::uint32_t outgoing_message::add(const std::shared_ptr<receiver_core>& receiver) {
    if (!receiver || !receiver->is_open()) throw system_error(error::empty_end);
    if (mode_ == ownership::copy) throw system_error(error::not_movable);
    item& i = add_item();
    i.kind = attachment_kind::receiver;
    i.receiver = receiver;
    return item_count_ - 1;
}

std::uint32_t outgoing_message::add(const std::shared_ptr<const region>& memory) {
    // However often a region occurs in a message, whole or in parts, it costs one handle.
    for (std::uint32_t i = 0; i < item_count_; ++i)
        if (items_[i].memory == memory) return i;
    item& i = add_item();
    i.kind = attachment_kind::region;
    i.memory = memory;
    return item_count_ - 1;
}

std::optional<std::uint32_t> outgoing_message::add(
    std::shared_ptr<payload>& owner, std::span<const std::byte> bytes) {
    if (through_ == nullptr) return std::nullopt;
    if (through_->in_process() != nullptr) {
        item& i = add_item();
        i.kind = attachment_kind::loan;
        i.part = owner ? payload_part{owner, bytes} : copy_payload(bytes);
        return item_count_ - 1;
    }
    if (!lender_) lender_ = through_->lender();
    const limits& bounds = through_->identity().bounds;
    if (!lender_ || loans_.size() == wire::max_loans || bytes.size() > bounds.max_message_bytes)
        return std::nullopt;
    pool_block* block = owner ? owner->block_of(lender_.get()) : nullptr;
    if (block != nullptr && mode_ == ownership::consume && owner.use_count() == 1) {
        const auto offset = static_cast<std::size_t>(bytes.data() - block->memory->bytes().data());
        return add_loan(std::move(owner), *block, offset, bytes.size());
    }
    if (bytes.size() < bounds.min_pooled_bytes) return std::nullopt;
    block = lender_->lend(bytes.size());
    if (block == nullptr) return std::nullopt;
    copy_memory(block->memory->bytes().data(), bytes.data(), bytes.size());
    return add_loan(lend_out(lender_, *block), *block, 0, bytes.size());
}

std::uint32_t outgoing_message::add_loan(std::shared_ptr<payload> owner, pool_block& block,
    std::size_t offset, std::size_t bytes) {
    loans_.push_back({std::move(owner), &block, offset, bytes});
    return static_cast<std::uint32_t>(loans_.size() - 1);
}

bool outgoing_message::begin_with_loan(const payload_part& content) {
    lender_ = through_->lender();
    pool_block* const block =
        lender_ && content.owner ? content.owner->block_of(lender_.get()) : nullptr;
    if (block == nullptr) return false;
    const auto offset =
        static_cast<std::size_t>(content.bytes.data() - block->memory->bytes().data());
    add_loan(content.owner, *block, offset, content.bytes.size());
    is_loan_ = true;
    return true;
}

// Those that the value refers to.
std::span<const outgoing_message::loan_item> outgoing_message::loans_behind() const noexcept {
    return std::span<const loan_item>(loans_).subspan(is_loan_ ? 1 : 0);
}

void outgoing_message::append_loans() {
    for (const loan_item& l : loans_behind())
        block_ref{l.block->id, !l.block->is_known, l.offset, l.bytes,
            l.block->memory->bytes().size()}
            .put(buffer_);
    wire::put(buffer_, static_cast<std::uint32_t>(loans_behind().size()));
}

bool outgoing_message::blocks_sent(block_pool& pool) noexcept {
    const bool has_some = block_ != nullptr || !loans_.empty();
    if (block_ != nullptr) pool.sent(*std::exchange(block_, nullptr));
    for (loan_item& l : loans_) {
        if (l.block == nullptr) continue;
        pool.sent(*std::exchange(l.block, nullptr));
        l.owner->given_away();
    }
    return has_some;
}

error_code outgoing_message::prepare(sender_core& through, bool one_write) {
    const limits& bounds = through.identity().bounds;
    error_code ec;
    value_bytes_ = held_bytes_ =
        is_loan_ ? loans_.front().bytes : buffer_.size() - wire::header_bytes;
    if (value_bytes_ > most_bytes(bounds, false)) ec = error::message_too_large;
    if (!ec && item_count_ > bounds.max_handles_per_message) ec = error::too_many_handles;
    if (!ec && repeated_senders_ > max_repeated_senders(value_bytes_, bounds))
        ec = error::message_too_large;
    if (through.in_process() != nullptr) {
        if (!ec && has_attachments()) ec = prepare_carried(through);
        if (ec) revoke();
        return ec;
    }
    for (const loan_item& l : loans_behind())
        if (!l.block->is_known) handles_.push_back(&l.block->memory->memory());
    if (is_loan_)
        refer_to_block(*loans_.front().block, loans_.front().offset);
    else if (buffer_.is_in_source())
        refer_to_block(*block_, wire::header_bytes);
    else if (block_ != nullptr)  // the value has outgrown every block
        lender_->give_back(*std::exchange(block_, nullptr));
    const std::size_t memories = handles_.size();
    buffer_.overflow_into(nullptr, 0);  // the table is no part of the value
    if (!ec && has_attachments()) ec = prepare_items(through);
    if (!loans_behind().empty()) append_loans();
    if (!ec && buffer_.size() - wire::header_bytes >
                   most_bytes(bounds, has_attachments() || !loans_behind().empty()))
        ec = error::message_too_large;
    const std::size_t own_handles = handles_.size() - memories;
    if (!ec && own_handles > bounds.max_handles_per_message) ec = error::too_many_handles;
    if (!ec) ec = pack_handles();
    one_write_ = one_write;
    held_bytes_ = buffer_.size();
    wants_block_ = block_ == nullptr && !is_loan_ && value_bytes_ >= bounds.min_pooled_bytes &&
                   through.lender();
    if (!ec && one_write && buffer_.size() > wire::max_write_bytes && !wants_block_)
        ec = bounds.max_handles_per_message != 0 ? move_to_memory() : error::message_too_large;
    if (ec) {
        revoke();
        return ec;
    }
    set_cursor();
    return {};
}

void outgoing_message::set_cursor() noexcept {
    std::uint8_t flags = 0;
    if (has_attachments()) flags |= wire::flag_table;
    if (block_ != nullptr || is_loan_) flags |= wire::flag_block;
    if (!loans_behind().empty()) flags |= wire::flag_loans;
    if (memory_.is_open()) flags |= wire::flag_memory;
    std::size_t all_handles = handles_.size();
    if (pack_.is_open()) {
        flags |= wire::flag_packed;
        all_handles += packed_count_ - 1;
    }
    // Of what was moved to memory as well.
    const std::size_t whole_bytes = memory_.is_open() ? held_bytes_ : buffer_.size();
    cursor_ = message_cursor({buffer_.data(), buffer_.size()},
        static_cast<std::uint32_t>(whole_bytes - wire::header_bytes), handles_.size(),
        static_cast<std::uint32_t>(all_handles), flags);
}

// More than one write carries, and one more that it may get later, go as one.
error_code outgoing_message::pack_handles() {
    if (handles_.size() < os::max_handles_per_write) return {};
    error_code ec;
    pack_ = os::pack_handles(handles_, ec);
    if (ec) return ec;
    packed_count_ = handles_.size();
    handles_.assign(1, &pack_);
    return {};
}

// The value is in the block; what is written is where.
void outgoing_message::refer_to_block(pool_block& block, std::size_t offset) {
    buffer_.leave_source();
    buffer_.extend(wire::header_bytes);
    block_ref{block.id, !block.is_known, offset, value_bytes_, block.memory->bytes().size()}.put(
        buffer_);
    if (!block.is_known) handles_.insert(handles_.begin(), &block.memory->memory());
}

std::size_t outgoing_message::block_bytes() const noexcept {
    return value_bytes_ + wire::header_bytes;
}

void outgoing_message::move_into_block(
    const std::shared_ptr<block_lender>& lender, pool_block& block) {
    const auto encoded = buffer_.bytes().subspan(wire::header_bytes);
    byte_buffer reference;
    reference.reserve(wire::header_bytes + block_ref::wire_bytes + encoded.size() - value_bytes_);
    handles_.reserve(handles_.size() + 1);
    copy_memory(
        block.memory->bytes().data() + wire::header_bytes, encoded.data(), value_bytes_);
    byte_buffer whole = std::exchange(buffer_, std::move(reference));
    lender_ = lender;
    block_ = &block;
    wants_block_ = false;
    refer_to_block(block, wire::header_bytes);
    buffer_.append(whole.bytes().subspan(wire::header_bytes + value_bytes_));
    set_cursor();
}

error_code outgoing_message::go_without_block() {
    wants_block_ = false;
    if (!one_write_ || buffer_.size() <= wire::max_write_bytes) return {};
    if (error_code ec = move_to_memory()) return ec;
    set_cursor();
    return {};
}

error_code outgoing_message::prepare_items(sender_core& through) {
    for (const item& i : items_)
        if (i.receiver && i.receiver->identity().is_same_channel(through.identity()))
            return error::own_receiver;
    std::uint64_t to_copy = 0;
    for (const item& i : items_)
        if (i.memory && !os::has_seals) to_copy += i.memory->size_bytes();
    if (to_copy > through.identity().bounds.max_inbox_bytes) return error::message_too_large;
    error_code ec;
    for (item& i : items_) {
        if (i.sender) i.offer = i.sender->give_link(through.leases(), ec);
        if (i.receiver) i.load = i.receiver->freeze(through, ec);
        if (ec) return ec;
    }
    append_table();
    return {};
}

error_code outgoing_message::prepare_carried(sender_core& through) {
    auto carried = std::make_shared<carried_load>();
    carried->items.reserve(items_.size());
    error_code ec;
    for (item& i : items_) {
        carried_item& c = carried->items.emplace_back();
        c.kind = i.kind;
        c.memory = i.memory;
        c.part = i.part;
        if (i.sender) c.sender = i.sender->clone({});
        if (c.sender && !c.sender->is_open()) ec = error::empty_end;
        if (i.sender && i.sender->is_forked()) ec = error::owner_changed;
        if (i.receiver && i.receiver->identity().is_same_channel(through.identity()))
            ec = error::own_receiver;
        if (i.receiver && !ec) {
            c.identity = i.receiver->identity();
            i.load = i.receiver->freeze(through, ec);
        }
        if (ec) return ec;
    }
    carried_ = std::move(carried);
    return {};
}

std::span<const std::byte> outgoing_message::body() const noexcept {
    return buffer_.bytes().subspan(wire::header_bytes);
}

void outgoing_message::hand_over(incoming_message& to) noexcept {
    if (!to.chunk) {
        to.assembled = std::move(buffer_);
        to.body = to.assembled.bytes().subspan(wire::header_bytes);
    }
    for (std::size_t k = 0; k != items_.size(); ++k) {
        item& i = items_[k];
        carried_item& c = carried_->items[k];
        // Lent by a value that is not const, and taken out of it now.
        if (i.kind == attachment_kind::handle)
            c.one = std::move(i.lent != nullptr ? *const_cast<handle*>(i.lent) : i.owned);
        if (i.load) c.load = std::move(*std::exchange(i.load, nullptr));
    }
    to.carried = std::move(carried_);
}

void outgoing_message::append_table() {
    const std::size_t table_at = buffer_.size();
    for (const item& i : items_) {
        const std::size_t handles_before = handles_.size();
        byte_buffer load;
        table_entry e;
        e.kind = i.kind;
        if (i.kind == attachment_kind::receiver) {
            put_cargo(load, *i.load, handles_);
            e.identity = i.receiver->identity();
        } else if (i.kind == attachment_kind::region) {
            handles_.push_back(&i.memory->memory());
            e.region_bytes = i.memory->size_bytes();
        } else if (i.kind == attachment_kind::handle) {
            handles_.push_back(i.lent != nullptr ? i.lent : &i.owned);
        } else {
            e.lease = i.offer.lease;
            if (e.lease != 0) e.flags |= sender_parkable;
            if (i.offer.stream.is_open()) {
                handles_.push_back(&i.offer.stream);
                e.identity = i.sender->identity();
            } else {
                e.flags |= sender_leased;
            }
        }
        e.cargo_bytes = static_cast<std::uint32_t>(load.size());
        e.handles = static_cast<std::uint32_t>(handles_.size() - handles_before);
        put_entry(buffer_, e);
        buffer_.append(load.bytes());
    }
    wire::put(buffer_, item_count_);
    wire::put(buffer_, static_cast<std::uint32_t>(buffer_.size() - table_at + sizeof(std::uint32_t)));
}

error_code outgoing_message::move_to_memory() {
    // The receiver would not see what blocks it refers to.
    if (!loans_.empty()) return boost::asio::error::no_buffer_space;
    error_code ec;
    memory_ = os::make_memory(buffer_.bytes().subspan(wire::header_bytes), ec);
    if (ec) return ec;
    buffer_.truncate(wire::header_bytes);
    handles_.insert(handles_.begin(), &memory_);
    return {};
}

void outgoing_message::sent() noexcept {
    for (const item& i : items_) {
        // Lent by a value that is not const, and taken out of it now.
        if (i.lent != nullptr) const_cast<handle*>(i.lent)->close();
    }
    clear();
}

void outgoing_message::revoke() noexcept {
    for (item& i : items_)
        if (i.load && mode_ != ownership::consume) i.receiver->thaw(std::move(i.load));
    // Behind the receivers: a link goes back to where it was.
    for (item& i : items_)
        if (i.offer.stream.is_open() || i.offer.lease != 0)
            i.sender->take_back_link(std::move(i.offer));
    clear();
}

void outgoing_message::clear() noexcept {
    if (mode_ == ownership::consume) {
        // The value was given up, wherever it still lies: its senders do not keep channels alive.
        for (const item& i : items_)
            if (i.sender) i.sender->close();
        for (const auto& s : more_senders_) s->close();
    }
    // Encoding may have thrown: the buffer is used again, the block is another's from here on.
    if (buffer_.is_in_source()) buffer_.leave_source();
    if (block_ != nullptr) lender_->give_back(*std::exchange(block_, nullptr));
    if (outgrown_ != nullptr) lender_->give_back(*std::exchange(outgrown_, nullptr));
    lender_.reset();
    wants_block_ = is_loan_ = false;
    loans_.clear();
    item_count_ = 0;
    items_.clear();
    carried_.reset();
    more_senders_.clear();
    repeated_senders_ = 0;
    handles_.clear();
    memory_.close();
    pack_.close();
}

}  // namespace strait::detail
