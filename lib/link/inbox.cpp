//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "link/inbox.hpp"

#include <boost/asio/error.hpp>

#include <algorithm>
#include <new>
#include <utility>

namespace strait::detail {

namespace asio = boost::asio;
using wire::link_reader;

// Neither that of a link nor of one that is gone while what it adopted is still charged to it.
inbox::link_id inbox::new_id() noexcept {
    do {
        ++last_id_;
    } while (last_id_ == no_link || links_.contains(last_id_) || accounts_.contains(last_id_));
    return last_id_;
}

inbox::link& inbox::insert(std::unique_ptr<link> l, link_map::node_type place) {
    // Every link has a place in each, so that what a read brings finds room.
    pending_.reserve(links_.size() + 1);
    heads_.reserve(links_.size() + 1);
    if (place.empty()) return *links_.emplace(l->id, std::move(l)).first->second;
    place.key() = l->id;
    place.mapped() = std::move(l);
    return *links_.insert(std::move(place)).position->second;
}

inbox::link_id inbox::add(handle stream, link_id adopted_by) {
    if (links_.size() >= bounds_.max_links) return no_link;
    const link* by = find(adopted_by);
    const link_id account = by != nullptr && by->account != no_link ? by->account : adopted_by;
    if (account != no_link) {
        if (bounds_.max_adopted_per_link == 0) return no_link;
        std::uint32_t& charged = accounts_[account];
        if (charged >= bounds_.max_adopted_per_link) return no_link;
        ++charged;
    }
    auto l = std::make_unique<link>();
    l->id = new_id();
    l->stream = std::move(stream);
    l->account = account;
    link& made = insert(std::move(l));
    set_pending(made);
    return made.id;
}

inbox::link* inbox::find(link_id id) noexcept {
    const auto at = links_.find(id);
    return at == links_.end() ? nullptr : at->second.get();
}

// Writes come whole, so that nobody who keeps the rules leaves this; and among such handles may be one
// that keeps the link itself from ending.
bool inbox::has_half_with_handles(const link& l) noexcept {
    return os::writes_are_whole && l.reader.holds_handles();
}

inbox::link* inbox::first_pending() noexcept {
    while (!pending_.empty()) {
        link* l = find(pending_.back());
        if (l != nullptr && l->is_pending) return l;
        if (l != nullptr) l->is_listed = false;
        pending_.pop_back();
    }
    return nullptr;
}

inbox::step inbox::next() {
    if (const link* l = first_pending()) return {action::read, l->id};
    const std::size_t live = links_.size() - parked_.size();
    if (heads_.empty()) return {live == 0 ? action::end : action::wait};
    const dated oldest = heads_.front();
    if (heads_.size() >= live || oldest.stamp < round_) return {action::give, oldest.on};
    return {action::round};
}

void inbox::pop(link_id id, incoming_message& into) {
    link& l = *find(id);
    if (l.head.has_table && !l.leases) l.leases = std::make_shared<lease_table>();
    std::pop_heap(heads_.begin(), heads_.end());
    heads_.pop_back();
    into = std::move(l.head);
    l.has_head = false;
    if (l.held_bytes != 0) count_held(l);
    if (into.has_table) into.leases = l.leases;
    advance(l);
}

void inbox::on_read(link& l, std::size_t bytes, std::vector<os::handle_batch>& batches,
    bool filled, std::uint64_t now) {
    l.is_drained = false;
    l.reader.nothing_before(l.clear_at);
    const bool all = !filled && batches.empty();
    try {
        l.reader.commit(bytes, batches, now);
    } catch (const std::bad_alloc&) {
        return drop(l.id, asio::error::no_buffer_space);  // some of what came with the bytes is lost
    }
    if (all) {
        l.clear_at = round_;
        l.marker_left = 0;
    } else if (l.marker_left != 0) {
        l.marker_left -= std::min<std::uint64_t>(l.marker_left, bytes);
        if (l.marker_left == 0) l.clear_at = std::max(l.clear_at, l.marker_at);
    }
    const link_id id = l.id;  // the link may not outlive what follows
    if (!l.has_head) advance(l);
    if (link* still = find(id); still != nullptr && !count_held(*still))
        drop(id, asio::error::no_buffer_space);
}

// Messages in fragments, half or whole, are bounded over all links: the one that goes past the bound
// loses its link.
bool inbox::count_held(link& l) {
    held_bytes_ -= l.held_bytes;
    l.held_bytes = l.reader.partial_bytes() + (l.has_head ? l.head.assembled.size() : 0);
    held_bytes_ += l.held_bytes;
    return held_bytes_ <= bounds_.max_inbox_bytes || l.held_bytes == 0;
}

bool inbox::wants_unread(const link& l) const noexcept {
    return l.marker_left == 0 && l.clear_at < round_;
}

void inbox::on_unread(link& l, std::uint64_t bytes) {
    l.marker_at = round_;
    l.marker_left = bytes;
    if (bytes == 0) on_nothing(l);
}

void inbox::on_nothing(link& l) {
    l.clear_at = round_;
    l.marker_left = 0;
    l.is_pending = false;
    l.is_drained = true;
    if (l.has_head) return;
    if (has_half_with_handles(l)) return drop(l.id, error::protocol_violation);
    l.reader.nothing_before(round_);
    l.reader.rest();
}

void inbox::on_end(link& l) {
    l.ended = true;
    if (!l.has_head) advance(l);
}

void inbox::begin_round(std::uint64_t now, std::span<const link_id> ready) {
    round_ = now;
    for (const link_id id : ready) {
        link* l = find(id);
        if (l != nullptr && !l->has_head) set_pending(*l);
    }
}

void inbox::recheck(std::uint64_t now) {
    round_ = now;
    for (const auto& [id, l] : links_)
        if (!l->has_head) set_pending(*l);
}

void inbox::drop(link_id id, error_code why) {
    remove(id);
    faults_.push_back({id, why});
}

inbox::link* inbox::find_parked(lease_source::target_id target) noexcept {
    const auto at = parked_.find(target);
    return at == parked_.end() ? nullptr : find(at->second);
}

inbox::link* inbox::find_lease(
    lease_source::target_id target, std::uint32_t lease) noexcept {
    for (const auto& [id, l] : links_)
        if (l->lease == lease && l->lease_target == target) return l.get();
    return nullptr;
}

void inbox::unpark(link& l) noexcept {
    if (!std::exchange(l.parked, false)) return;
    const auto [first, last] = parked_.equal_range(l.lease_target);
    parked_.erase(std::find_if(first, last, [&](const auto& p) { return p.second == l.id; }));
}

void inbox::park(link& l) {
    if (!std::exchange(l.parked, true)) parked_.emplace(l.lease_target, l.id);
}

void inbox::advance(link& l) {
    const link_id id = l.id;
    try {
        read_events(l);
    } catch (const std::bad_alloc&) {
        // What was read is lost: nothing behind it can be given.
        if (find(id) != nullptr) drop(id, asio::error::no_buffer_space);
    }
}

void inbox::read_events(link& l) {
    using event = link_reader::event;
    l.is_pending = false;
    for (;;) {
        os::handle_batch adopted;
        switch (l.reader.next(bounds_, l.head, adopted)) {
        case event::message:
            if (l.parked || !begin_use(l)) return drop(l.id, error::protocol_violation);
            l.has_head = true;
            heads_.push_back({l.head.stamp, l.id});
            std::push_heap(heads_.begin(), heads_.end());
            return;
        case event::withdrawn:
            continue;
        case event::adopt:
            if (adopted.lost) faults_.push_back({l.id, error::handles_lost});
            for (handle& h : adopted.handles)
                adoptions_.push_back(
                    {l.id, l.account != no_link ? l.account : l.id, std::move(h)});
            continue;
        case event::park:
            if (l.lease == 0 || l.parked) return drop(l.id, error::protocol_violation);
            if (l.lease == orphaned_lease) return remove(l.id);  // nobody can refer to it again
            park(l);
            continue;
        case event::want:
            if (l.blocks) l.blocks->sender_wants();
            continue;
        case event::forget:
            if (!l.blocks || !l.blocks->forget(l.reader.number()))
                return drop(l.id, error::protocol_violation);
            continue;
        case event::disuse:
            if (l.leases) l.leases->discard(l.reader.number());
            continue;
        case event::none:
            if (l.ended) return remove(l.id);
            if (l.is_drained && has_half_with_handles(l))
                return drop(l.id, error::protocol_violation);
            if (l.clear_at < round_ || has_half_with_handles(l)) set_pending(l);
            return;
        case event::broken:
            return drop(l.id, l.reader.fault());
        }
    }
}

// The blocks of the message that has just arrived, if it has some.
bool inbox::begin_use(link& l) {
    if (!l.head.in_block && !l.head.has_loans) return true;
    if (!l.blocks) {
        l.blocks = std::make_shared<block_table>(bounds_);
        l.blocks->attach(l.stream);
    }
    if (!l.blocks->begin_use(l.head)) return false;
    l.head.blocks = l.blocks;
    return true;
}

void inbox::set_pending(link& l) {
    l.is_pending = true;
    if (!std::exchange(l.is_listed, true)) pending_.push_back(l.id);
}

void inbox::remove(link_id id) {
    const auto at = links_.find(id);
    std::unique_ptr<link> l = std::move(at->second);
    links_.erase(at);
    unpark(*l);
    held_bytes_ -= l->held_bytes;
    const auto account = accounts_.find(l->account);
    if (account != accounts_.end() && --account->second == 0) accounts_.erase(account);
    if (l->has_head) {
        std::erase_if(heads_, [id](const dated& d) { return d.on == id; });
        std::make_heap(heads_.begin(), heads_.end());
    }
    if (l->blocks) l->blocks->detach();
    gone_.push_back(std::move(l));
}

std::vector<inbox::moving_link> inbox::take_links() {
    std::vector<moving_link> moving;
    moving.reserve(links_.size());  // nothing else needs memory
    while (!links_.empty()) {
        moving_link m;
        m.place = links_.extract(links_.begin());
        m.what = std::move(m.place.mapped());
        if (m.what->leases) m.parked = m.what->leases->take_all();
        if (m.what->blocks) m.what->blocks->detach();
        if (std::exchange(m.what->has_head, false)) m.head = std::move(m.what->head);
        m.what->is_pending = m.what->is_listed = false;
        m.what->held_bytes = 0;
        moving.push_back(std::move(m));
    }
    forget_all();
    return moving;
}

inbox::link_map inbox::close() noexcept {
    for (const auto& [id, l] : links_) {
        if (l->leases) l->leases->close();
        if (l->blocks) l->blocks->detach();
    }
    link_map gone;
    gone.swap(links_);
    accounts_.clear();
    forget_all();
    return gone;
}

// What is known beside the links.
void inbox::forget_all() noexcept {
    heads_.clear();
    pending_.clear();
    parked_.clear();
    held_bytes_ = 0;
}

inbox::link_id inbox::restore(moving_link m, bool arrives, std::uint64_t now) {
    if (m.what->id == no_link || links_.contains(m.what->id)) m.what->id = new_id();
    last_id_ = std::max(last_id_, m.what->id);
    if (arrives && m.what->account != no_link) ++accounts_[m.what->account];
    m.what->clear_at = 0;
    m.what->marker_left = 0;
    if (!m.parked.empty()) {
        if (!m.what->leases) m.what->leases = std::make_shared<lease_table>();
        m.what->leases->reopen(std::move(m.parked));
    } else if (m.what->leases) {
        m.what->leases->reopen({});
    }
    link& l = insert(std::move(m.what), std::move(m.place));
    const link_id id = l.id;
    if (l.blocks) l.blocks->attach(l.stream);
    if (m.head) {
        l.head = std::move(*m.head);
        l.head.stamp = std::min(l.head.stamp, now);
        l.has_head = true;
        heads_.push_back({l.head.stamp, id});
        std::push_heap(heads_.begin(), heads_.end());
    } else {
        advance(l);  // what was read ahead may hold whole messages
    }
    return id;
}

}  // namespace strait::detail
