//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "support/samples.hpp"

#include <algorithm>

namespace bench {

samples::summary samples::summarize() const {
    if (values_.empty()) return {};
    std::vector<double> sorted = values_;
    std::sort(sorted.begin(), sorted.end());
    const auto at = [&](double part) {
        return sorted[static_cast<std::size_t>(part * static_cast<double>(sorted.size() - 1))];
    };
    return {sorted.size(), sorted.front(), at(0.5), at(0.99)};
}

}  // namespace bench
