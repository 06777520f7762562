//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_DETAIL_DEADLINE_HPP
#define STRAIT_DETAIL_DEADLINE_HPP

#include <chrono>
#include <optional>

namespace strait::detail {

// Until when a thread waits; without one for ever.
using deadline = std::optional<std::chrono::steady_clock::time_point>;

// The moment when a timeout that begins now is over; the end of time when that is later still.
inline std::chrono::steady_clock::time_point deadline_after(std::chrono::nanoseconds after) {
    using time_point = std::chrono::steady_clock::time_point;
    const time_point now = std::chrono::steady_clock::now();
    return after > time_point::max() - now ? time_point::max() : now + after;
}

}  // namespace strait::detail

#endif
