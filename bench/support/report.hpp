//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_BENCH_SUPPORT_REPORT_HPP
#define STRAIT_BENCH_SUPPORT_REPORT_HPP

#include "support/options.hpp"
#include "support/samples.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bench {

// What the times of many ways are for.
struct entry {
    std::uint64_t bytes = 0;
    std::string_view where;
};

// What a program found out: a Markdown table on standard output, and with --json a line of JSON for
// each row.
class report {
public:
    // `question` is the name of the program; `floor` says what it is compared with.
    report(std::string question, std::string floor, const options& o);

    // Whether the row is wanted at all.
    bool wants(std::string_view what) const { return what.find(only_) != what.npos; }

    // One row: the times of the floor and of strait, taken in turns in the same run.
    void compare(const std::string& what, std::string_view where, const samples& floor,
        const samples& strait);

    // One row of counts for each operation.
    using counts = std::vector<std::pair<std::string, double>>;
    void count(const std::string& what, std::string_view where, const counts& each);

    // One row of a table that compares many ways with the first: one of them, for messages of one
    // size.
    void rank(const entry& which, const std::string& by, bool is_floor, const samples& times,
        double median_of_first);

private:
    void append_json(const std::string& fields) const;

    std::string question_;
    std::string json_;
    std::string only_;
    bool began_table_ = false;
};

// Runs the two by turns and gives the report their times. `rounds` turns; one turn of each before
// them is not measured. Turns are best short, so that whatever else the machine does meets both.
template <class Floor, class Strait>
void compare_in_turns(report& to, const std::string& what, std::string_view where, int rounds,
    Floor floor, Strait strait) {
    if (!to.wants(what)) return;
    samples unused;
    floor(unused);
    strait(unused);
    samples of_floor;
    samples of_strait;
    for (int i = 0; i < rounds; ++i) {
        floor(of_floor);
        strait(of_strait);
    }
    to.compare(what, where, of_floor, of_strait);
}

// One of many ways to do the same.
struct contender {
    std::string name;
    bool is_floor = false;
    std::function<void(samples&)> take_turn;
};

// As above for any number of ways, of which the first is what the others are compared with.
void compare_many(
    report& to, const entry& which, int rounds, const std::vector<contender>& contenders);

}  // namespace bench

#endif
