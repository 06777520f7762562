//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "fuzz/choices.hpp"
#include "fuzz/require.hpp"
#include "fuzz/resources.hpp"

#include <strait/codec.hpp>
#include <strait/loan.hpp>

#include <boost/container/flat_map.hpp>
#include <boost/container/stable_vector.hpp>
#include <boost/describe/class.hpp>
#include <boost/serialization/version.hpp>

#include <array>
#include <bitset>
#include <chrono>
#include <complex>
#include <deque>
#include <filesystem>
#include <forward_list>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <queue>
#include <set>
#include <string>
#include <system_error>
#include <tuple>
#include <unordered_map>
#include <variant>
#include <vector>

// Decoding: any bytes as values of all kinds of types, the first byte says which. What decodes is
// encoded again, must not be refused then, and must come back as the same bytes. What decoding
// allocates must stay within the budget.

using namespace strait;
using namespace strait::fuzz;

namespace {

struct nothing {};
enum class color : std::uint8_t { red, green };

struct numbers {
    bool flag = false;
    std::int8_t a = 0;
    char16_t b = 0;
    std::int64_t c = 0;
    float d = 0;
    double e = 0;
    long double f = 0;
    color g = color::red;
};

struct texts {
    std::string text;
    std::u16string wide;
    std::vector<std::string> many;
};

struct bits {
    std::vector<bool> bools;
    std::bitset<13> some;
    std::vector<std::vector<bool>> rows;
};

struct sequences {
    std::list<std::vector<std::uint16_t>> lists;
    std::deque<std::string> queue;
    std::forward_list<std::int16_t> chain;
    boost::container::stable_vector<std::uint8_t> stable;
    std::vector<nothing> nothings;
    std::vector<std::deque<char>> queues;
};

struct trees {
    std::set<std::string> names;
    std::multiset<std::uint8_t> marks;
    std::map<std::uint8_t, std::string> by_number;
    std::multimap<std::string, nothing> by_name;
};

struct hashes {
    std::unordered_map<std::uint8_t, std::optional<std::string>> table;
    std::unordered_multimap<std::string, std::uint8_t> names;
};

using flat = boost::container::flat_map<std::string, std::uint8_t>;

struct tree {
    std::uint8_t value = 0;
    std::vector<tree> children;
    std::unique_ptr<tree> next;
    std::map<std::uint8_t, tree> named;
};

struct choice {
    std::variant<std::monostate, bool, std::string, std::vector<choice>> what;
    std::optional<std::optional<std::string>> maybe;
    std::variant<nothing, std::array<std::string, 2>> other;
};

struct adaptors {
    std::priority_queue<std::uint8_t> heap;
    std::queue<std::string> line;
};

struct products {
    std::tuple<std::uint8_t, std::string, nothing> triple;
    std::pair<bool, std::uint32_t> pair;
    std::array<std::pair<std::uint8_t, std::uint16_t>, 3> padded;
    std::array<std::array<char, 2>, 2> square{};
    std::complex<float> wave;
    std::chrono::nanoseconds time{};
    std::chrono::system_clock::time_point date;
};

// What was written by an older program has less.
struct versioned {
    std::string text;
    std::vector<std::uint8_t> rest;

    template <class Archive>
    void serialize(Archive& ar, const unsigned version) {
        ar & text;
        if (version > 0) ar & rest;
    }
};

}  // namespace

BOOST_CLASS_VERSION(versioned, 1)

namespace {

struct described {
    std::string text;
    std::vector<std::int32_t> values;
    BOOST_DESCRIBE_CLASS(described, (), (text, values), (), ())
};

struct mixed {
    std::vector<versioned> versions;
    std::vector<described> descriptions;
};

using codes = std::vector<boost::system::error_code>;
using paths = std::vector<std::filesystem::path>;
using handles = std::vector<std::optional<handle>>;
using spans = std::vector<shared_span<std::uint16_t>>;

limits chosen_limits(std::uint8_t which) {
    limits l;
    if ((which & 1) != 0) l.max_expansion = 1;
    if ((which & 2) != 0) l.max_depth = 8;
    return l;
}

// Long messages out of few bytes: some as they are, and the last of them many times over.
std::vector<std::byte> unrolled(choices& from) {
    constexpr std::size_t enough = 64u << 10;
    std::vector<std::byte> message;
    while (!from.empty() && message.size() < enough) {
        const std::uint8_t what = from.byte();
        if (what < 0xc0) {
            const auto some = from.bytes(what % 64 + 1u);
            message.insert(message.end(), some.begin(), some.end());
            continue;
        }
        const std::size_t last = std::min<std::size_t>(message.size(), what % 64 + 1u);
        const std::size_t times = std::min<std::size_t>(from.byte() * 64u, enough / (last + 1));
        for (std::size_t i = 0; i != last * times; ++i)
            message.push_back(message[message.size() - last]);
    }
    return message;
}

// Exceptions, and what those who read ask of the heap for a moment.
constexpr std::size_t beside_the_budget = 4096;

template <class T>
bool decode_one(std::span<const std::byte> message, const limits& bounds, T& value) {
    const heap_gauge heap;
    bool decoded = true;
    try {
        input_archive ar(message, nullptr, bounds);
        decode(ar, value);
    } catch (...) {
        decoded = false;
        STRAIT_FUZZ_REQUIRE(current_exception_code());
    }
    STRAIT_FUZZ_REQUIRE(
        heap.most() <= strait::detail::budget_of(message.size(), bounds) + beside_the_budget);
    return decoded;
}

// How much of the message must be the same when it is written again.
enum class again { bytes, size, anything };

template <class T, again Same = again::bytes>
void check(std::span<const std::byte> message, const limits& bounds) {
    const auto value = std::make_unique<T>();
    if (!decode_one(message, bounds, *value)) return;
    strait::detail::byte_buffer out;
    try {
        output_archive ar(out, nullptr, bounds);
        encode(*value, ar);
    } catch (const system_error& e) {
        STRAIT_FUZZ_REQUIRE(Same == again::anything || e.code() == error::empty_end);
        return;
    }
    if (Same == again::anything) return;
    STRAIT_FUZZ_REQUIRE(out.size() == message.size());
    if (Same == again::bytes)
        STRAIT_FUZZ_REQUIRE(std::equal(message.begin(), message.end(), out.bytes().begin()));
    const auto second = std::make_unique<T>();
    STRAIT_FUZZ_REQUIRE(decode_one(out.bytes(), bounds, *second));
}

constexpr std::array checks{
    &check<numbers>,
    &check<texts>,
    &check<bits>,
    &check<sequences>,
    &check<trees, again::size>,
    &check<hashes, again::size>,
    &check<flat>,
    &check<tree>,
    &check<choice>,
    &check<adaptors, again::size>,
    &check<products>,
    &check<mixed, again::anything>,
    &check<codes, again::anything>,
    &check<paths>,
    &check<handles>,
    &check<spans>,
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    choices from(data, size);
    const std::size_t which = from.byte() % checks.size();
    const std::uint8_t how = from.byte();
    const limits bounds = chosen_limits(how);
    if ((how & 4) == 0)
        checks[which](from.all(), bounds);
    else
        checks[which](unrolled(from), bounds);
    return 0;
}
