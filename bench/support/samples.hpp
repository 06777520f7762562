//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_BENCH_SUPPORT_SAMPLES_HPP
#define STRAIT_BENCH_SUPPORT_SAMPLES_HPP

#include <chrono>
#include <cstddef>
#include <vector>

namespace bench {

// Times of single operations, in nanoseconds.
class samples {
public:
    using clock = std::chrono::steady_clock;

    void reserve(std::size_t n) { values_.reserve(n); }
    void add(clock::duration time, std::size_t operations = 1) {
        const auto ns = std::chrono::duration<double, std::nano>(time).count();
        values_.push_back(ns / static_cast<double>(operations));
    }

    struct summary {
        std::size_t n = 0;
        double minimum = 0;
        double median = 0;
        double p99 = 0;
    };
    summary summarize() const;

private:
    std::vector<double> values_;
};

// Measures `operation` `n` times, one sample each.
template <class Operation>
void each(samples& into, std::size_t n, Operation operation) {
    for (std::size_t i = 0; i < n; ++i) {
        const auto begun = samples::clock::now();
        operation();
        into.add(samples::clock::now() - begun);
    }
}

// Measures `n` operations together: one sample, for what is too short or only makes sense in a row.
template <class Run>
void together(samples& into, std::size_t n, Run run) {
    const auto begun = samples::clock::now();
    run(n);
    into.add(samples::clock::now() - begun, n);
}

}  // namespace bench

#endif
