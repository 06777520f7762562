//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "link/carried.hpp"

namespace strait::detail {

void carried_load::leave() noexcept {
    for (carried_item& i : items)
        if (i.load.place) i.load.place->leave_carrier();
}

bool carried_load::enter(in_process_channel& channel) noexcept {
    for (carried_item& i : items)
        if (i.load.place && i.load.place->enter(channel)) return false;
    return true;
}

}  // namespace strait::detail
