//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "tally.hpp"

#include <algorithm>
#include <iomanip>
#include <ostream>
#include <utility>

namespace word_count {

namespace {

constexpr std::size_t identifiers_shown = 10;

void row(std::ostream& out, const std::string& name, std::uint64_t number) {
    out << "  " << std::left << std::setw(24) << name << std::right << std::setw(12) << number << '\n';
}

std::vector<std::pair<std::uint32_t, std::string>> most_frequent(const frequencies& all) {
    std::vector<std::pair<std::uint32_t, std::string>> list;
    for (const auto& [name, count] : all) list.emplace_back(count, name);
    const auto shown = static_cast<std::ptrdiff_t>(std::min(identifiers_shown, list.size()));
    std::partial_sort(list.begin(), list.begin() + shown, list.end(), [](auto& a, auto& b) {
        return a.first != b.first ? a.first > b.first : a.second < b.second;
    });
    list.resize(static_cast<std::size_t>(shown));
    return list;
}

}  // namespace

void tally::add(const answer& a, std::size_t worker) {
    ++files_done;
    ++files_of_worker[worker];
    total += a.total;
    for (const auto& [name, count] : a.identifiers) identifiers[name] += count;
}

void print(std::ostream& out, const tally& t, double seconds) {
    out << "Totals\n";
    row(out, "files", t.files_done);
    row(out, "lines", t.total.lines);
    row(out, "words", t.total.words);
    row(out, "bytes", t.total.bytes);
    out << "Most frequent identifiers\n";
    for (const auto& [count, name] : most_frequent(t.identifiers)) row(out, name, count);
    out << "Files by worker\n";
    for (std::size_t i = 0; i != t.files_of_worker.size(); ++i)
        row(out, "worker " + std::to_string(i + 1), t.files_of_worker[i]);
    if (t.workers_killed != 0) {
        row(out, "workers killed", t.workers_killed);
        row(out, "files sent again", t.files_sent_again);
    }
    out << std::fixed << std::setprecision(2) << "  " << seconds << " seconds, "
        << std::setprecision(0) << static_cast<double>(t.files_done) / seconds
        << " files a second\n";
}

}  // namespace word_count
