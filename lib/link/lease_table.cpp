//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "link/lease_table.hpp"

#include "link/send_link.hpp"

#include <algorithm>

namespace strait::detail {

void discard_all(parked_links& links) noexcept {
    for (const auto& [lease, link] : links) link->discard();
    links.clear();
}

bool lease_table::is_empty() const noexcept {
    const std::lock_guard lock(mutex_);
    return parked_.empty();
}

std::shared_ptr<send_link> lease_table::take(std::uint32_t lease) noexcept {
    const std::lock_guard lock(mutex_);
    const auto at = std::find_if(
        parked_.begin(), parked_.end(), [lease](const auto& p) { return p.first == lease; });
    if (at == parked_.end()) return nullptr;
    std::swap(*at, parked_.back());
    auto found = std::move(parked_.back().second);
    parked_.pop_back();
    return found;
}

void lease_table::discard(std::uint32_t lease) noexcept {
    if (const auto link = take(lease)) link->discard();
}

void lease_table::close() noexcept {
    parked_links links = take_all();
    discard_all(links);
}

parked_links lease_table::take_all() noexcept {
    const std::lock_guard lock(mutex_);
    open_ = false;
    return std::exchange(parked_, {});
}

void lease_table::reopen(parked_links links) noexcept {
    const std::lock_guard lock(mutex_);
    open_ = true;
    parked_ = std::move(links);
}

}  // namespace strait::detail
