//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_BENCH_SUPPORT_BATCHES_HPP
#define STRAIT_BENCH_SUPPORT_BATCHES_HPP

#include <strait/sender.hpp>

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

namespace bench {

// So many values, as many at once as there are in `several`.
template <class T>
void send_in_batches(strait::sender<T>& to, const std::vector<T>& several, std::uint64_t count) {
    while (count != 0) {
        const auto n = std::min<std::uint64_t>(count, several.size());
        to.send_all(std::span(several).first(n));
        count -= n;
    }
}

}  // namespace bench

#endif
