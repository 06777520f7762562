//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "support/report.hpp"

#include "support/machine.hpp"
#include "support/payload.hpp"

#include <cstdio>
#include <fstream>
#include <sstream>

namespace bench {

namespace {

std::string quoted(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    return out + '"';
}

std::string json_times(const samples::summary& s) {
    std::ostringstream out;
    out << "{\"n\":" << s.n << ",\"min\":" << s.minimum << ",\"median\":" << s.median
        << ",\"p99\":" << s.p99 << '}';
    return out.str();
}

}  // namespace

report::report(std::string question, std::string floor, const options& o)
    : question_(std::move(question)), json_(o.json), only_(o.only) {
    std::printf("## %s\n\n%s\n\n%s. Times in microseconds; the floor is %s.\n\n", question_.c_str(),
        machine_text().c_str(), build_text().c_str(), floor.c_str());
}

void report::compare(const std::string& what, std::string_view where, const samples& floor,
    const samples& strait) {
    if (!std::exchange(began_table_, true))
        std::printf("| what | placed | n | floor min | median | p99 | strait min | median | p99 "
                    "| ratio of minima | **of medians** |\n"
                    "|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n");
    const auto f = floor.summarize();
    const auto s = strait.summarize();
    const double ratio = s.median / f.median;
    std::printf("| %s | %.*s | %zu | %.3f | %.3f | %.3f | %.3f | %.3f | %.3f | %.2f | **%.2f** |\n",
        what.c_str(), static_cast<int>(where.size()), where.data(), s.n, f.minimum / 1e3,
        f.median / 1e3, f.p99 / 1e3, s.minimum / 1e3, s.median / 1e3, s.p99 / 1e3, s.minimum / f.minimum, ratio);
    std::fflush(stdout);
    std::ostringstream json;
    json << "\"what\":" << quoted(what) << ",\"placed\":" << quoted(where)
         << ",\"unit\":\"ns\",\"floor\":" << json_times(f) << ",\"strait\":" << json_times(s)
         << ",\"ratio\":" << ratio;
    append_json(json.str());
}

void report::count(const std::string& what, std::string_view where, const counts& each) {
    if (!std::exchange(began_table_, true)) {
        std::printf("| what | placed |");
        for (const auto& [name, value] : each) std::printf(" %s |", name.c_str());
        std::printf("\n|---|---|");
        for (std::size_t i = 0; i < each.size(); ++i) std::printf("--:|");
        std::printf("\n");
    }
    std::printf("| %s | %.*s |", what.c_str(), static_cast<int>(where.size()), where.data());
    std::ostringstream json;
    json << "\"what\":" << quoted(what) << ",\"placed\":" << quoted(where) << ",\"each\":{";
    for (const auto& [name, value] : each) {
        std::printf(" %.3f |", value);
        json << (&name == &each.front().first ? "" : ",") << quoted(name) << ':' << value;
    }
    json << '}';
    std::printf("\n");
    std::fflush(stdout);
    append_json(json.str());
}

void report::rank(const entry& which, const std::string& by, bool is_floor, const samples& times,
    double median_of_first) {
    if (!std::exchange(began_table_, true))
        std::printf("| what | placed | by | n | min | median | p99 | of medians, to the first |\n"
                    "|---|---|---|--:|--:|--:|--:|--:|\n");
    const auto t = times.summarize();
    const std::string what = bytes_text(which.bytes);
    std::printf("| %s | %.*s | %s%s | %zu | %.3f | %.3f | %.3f | %.2f |\n", what.c_str(),
        static_cast<int>(which.where.size()), which.where.data(), by.c_str(),
        is_floor ? " (floor)" : "", t.n, t.minimum / 1e3, t.median / 1e3, t.p99 / 1e3,
        t.median / median_of_first);
    std::fflush(stdout);
    std::ostringstream json;
    json << "\"what\":" << quoted(what) << ",\"bytes\":" << which.bytes
         << ",\"placed\":" << quoted(which.where) << ",\"by\":" << quoted(by)
         << ",\"is_floor\":" << (is_floor ? "true" : "false")
         << ",\"unit\":\"ns\",\"times\":" << json_times(t);
    append_json(json.str());
}

void report::append_json(const std::string& fields) const {
    if (json_.empty()) return;
    std::ofstream out(json_, std::ios::app);
    out << "{\"bench\":" << quoted(question_) << ",\"machine\":" << quoted(machine_text())
        << ",\"build\":" << quoted(build_text()) << ',' << fields << "}\n";
}

void compare_many(
    report& to, const entry& which, int rounds, const std::vector<contender>& contenders) {
    std::vector<samples> times(contenders.size());
    samples unused;
    for (const contender& c : contenders) c.take_turn(unused);
    for (int round = 0; round < rounds; ++round)
        for (std::size_t i = 0; i < contenders.size(); ++i) contenders[i].take_turn(times[i]);
    for (std::size_t i = 0; i < contenders.size(); ++i)
        to.rank(which, contenders[i].name, contenders[i].is_floor, times[i],
            times.front().summarize().median);
}

}  // namespace bench
