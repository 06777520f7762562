//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "peers/measure.hpp"

#include <algorithm>
#include <chrono>
#include <memory>

namespace bench::peers {

namespace {

using std::chrono::milliseconds;

// How long a turn takes, whatever is measured: long enough for many messages, short enough that the
// whole run takes minutes.
constexpr auto turn_time = milliseconds(8);
constexpr int rounds = 40;

// Of what is so large that a turn takes much longer.
constexpr std::uint64_t large = 4u << 20;
constexpr int rounds_of_large = 8;

int rounds_for(std::uint64_t bytes, const options& given) {
    if (given.smoke) return 1;
    return bytes > large ? rounds_of_large : rounds;
}

// How many messages fill a turn, found out by trying more and more.
std::size_t count_for(const measurement& m, const line& on) {
    constexpr std::size_t least = 2;
    constexpr std::size_t most = 20000;
    samples unused;
    for (std::size_t count = least;; count *= 4) {
        const auto begun = samples::clock::now();
        m.take_turn(on, count, unused);
        const auto took = samples::clock::now() - begun;
        if (took < turn_time / 4 && count < most) continue;
        const double fitting =
            static_cast<double>(count) * (std::chrono::duration<double>(turn_time) / took);
        return std::clamp(static_cast<std::size_t>(fitting), least, most);
    }
}

void measure_size(
    const measurement& m, std::uint64_t bytes, placement where, const options& given, report& to) {
    session with(m.what, bytes);
    const any_bytes message = make_payload<any_bytes>(bytes);
    std::vector<std::unique_ptr<client>> clients;
    std::vector<contender> contenders;
    for (const transport& t : transports()) {
        if (!t.carries(m.what, bytes) || !to.wants(bytes_text(bytes) + ", " + t.name)) continue;
        clients.push_back(with.open(t));
        const line on{with, t, *clients.back(), message};
        const std::size_t count = given.smoke ? 1 : count_for(m, on);
        contenders.push_back(
            {t.name, t.is_floor, [&m, on, count](samples& into) { m.take_turn(on, count, into); }});
    }
    compare_many(to, {bytes, to_string(where)}, rounds_for(bytes, given), contenders);
}

}  // namespace

void run(const measurement& m, const options& given, report& to) {
    for (const placement where : {placement::one_cpu, placement::spread}) {
        place(where);
        for (const std::uint64_t bytes : m.sizes) measure_size(m, bytes, where, given, to);
    }
}

}  // namespace bench::peers
