//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

// How long does it take to turn a value into bytes and back, beside Boost's own binary archive?

#include "support/machine.hpp"
#include "support/report.hpp"

#include <strait/codec.hpp>

#include <boost/archive/binary_iarchive.hpp>
#include <boost/archive/binary_oarchive.hpp>
#include <boost/serialization/map.hpp>
#include <boost/serialization/string.hpp>
#include <boost/serialization/vector.hpp>

#include <cstdio>
#include <cstdlib>
#include <map>
#include <sstream>
#include <streambuf>
#include <string>
#include <vector>

namespace {

// Each type twice: as a plain aggregate, which strait takes apart by itself, and with the serialize
// function that Boost needs. The boolean says which.

template <bool WithSerialize>
struct job {
    int number = 0;
    std::string name;
    std::vector<double> data;

    friend bool operator==(const job&, const job&) = default;
};

template <bool WithSerialize>
struct flat {
    std::uint32_t a = 0, b = 0;
    double x = 0, y = 0, z = 0;

    friend bool operator==(const flat&, const flat&) = default;
};

template <bool WithSerialize>
struct table {
    std::vector<job<WithSerialize>> jobs;
    std::map<std::string, int> index;

    friend bool operator==(const table&, const table&) = default;
};

template <bool WithSerialize>
struct buffer {
    std::vector<unsigned char> bytes;

    friend bool operator==(const buffer&, const buffer&) = default;
};

template <class Archive>
void serialize(Archive& ar, job<true>& j, unsigned) {
    ar & j.number & j.name & j.data;
}

template <class Archive>
void serialize(Archive& ar, flat<true>& f, unsigned) {
    ar & f.a & f.b & f.x & f.y & f.z;
}

template <class Archive>
void serialize(Archive& ar, table<true>& t, unsigned) {
    ar & t.jobs & t.index;
}

template <class Archive>
void serialize(Archive& ar, buffer<true>& b, unsigned) {
    ar & b.bytes;
}

// A stream buffer over memory that is kept, the leanest thing the stock archives can use.
class reused_buffer : public std::streambuf {
public:
    explicit reused_buffer(std::size_t room) : memory_(room) {}
    void begin_writing() { setp(memory_.data(), memory_.data() + memory_.size()); }
    void begin_reading() { setg(memory_.data(), memory_.data(), pptr()); }

private:
    std::vector<char> memory_;
};

void require(bool right) {
    if (right) return;
    std::fputs("bench: what came out is not what went in\n", stderr);
    std::abort();
}

// Each decodes into a new value, as receiving does.

template <class T>
T through_strait(const T& value, strait::detail::byte_buffer& buffer) {
    buffer.clear();
    strait::output_archive out(buffer);
    strait::encode(value, out);
    strait::input_archive in(buffer.bytes());
    T back{};
    strait::decode(in, back);
    return back;
}

template <class T>
T through_stringstream(const T& value) {
    std::stringstream stream;
    {
        boost::archive::binary_oarchive out(stream);
        out << value;
    }
    boost::archive::binary_iarchive in(stream);
    T back{};
    in >> back;
    return back;
}

template <class T>
T through_reused(const T& value, reused_buffer& buffer) {
    buffer.begin_writing();
    {
        boost::archive::binary_oarchive out(buffer, boost::archive::no_header);
        out << value;
    }
    buffer.begin_reading();
    boost::archive::binary_iarchive in(buffer, boost::archive::no_header);
    T back{};
    in >> back;
    return back;
}

// `plain` and `declared` are the same value in both forms.
template <class Plain, class Declared>
void measure(bench::report& to, const bench::options& given, const std::string& name,
    const Plain& plain, const Declared& declared, std::size_t count) {
    const int rounds = given.smoke ? 1 : 200;
    if (given.smoke) count = 2;
    strait::detail::byte_buffer ours;
    reused_buffer theirs(1u << 20);
    require(through_strait(plain, ours) == plain);
    require(through_strait(declared, ours) == declared);
    require(through_stringstream(declared) == declared);
    require(through_reused(declared, theirs) == declared);

    const auto many = [&](auto once) {
        return [=](bench::samples& into) {
            bench::together(into, count, [&](std::size_t n) {
                for (std::size_t i = 0; i < n; ++i) {
                    const auto back = once();
                    asm volatile("" : : "g"(&back) : "memory");  // somebody looks at it
                }
            });
        };
    };
    const auto of_plain = many([&] { return through_strait(plain, ours); });
    const auto of_declared = many([&] { return through_strait(declared, ours); });
    const auto fresh = many([&] { return through_stringstream(declared); });
    const auto reused = many([&] { return through_reused(declared, theirs); });
    const char* where = to_string(bench::placement::one_cpu);
    bench::compare_in_turns(to, name + ", stringstream", where, rounds, fresh, of_plain);
    bench::compare_in_turns(to, name + ", reused buffer", where, rounds, reused, of_plain);
    bench::compare_in_turns(
        to, name + ", reused buffer, serialize", where, rounds, reused, of_declared);
}

template <bool S>
job<S> make_job() {
    return {7, "the name of a job", {1, 2, 3, 4, 5, 6, 7, 8}};
}

template <bool S>
table<S> make_table() {
    table<S> t;
    for (int i = 0; i < 100; ++i) {
        t.jobs.push_back(make_job<S>());
        t.index["key number " + std::to_string(i)] = i;
    }
    return t;
}

template <bool S>
buffer<S> make_buffer() {
    return {std::vector<unsigned char>(64u << 10, 9)};
}

}  // namespace

int main(int argc, char** argv) {
    const auto given = bench::parse_options(argc, argv);
    bench::place(bench::placement::one_cpu);
    bench::report to("encode_decode",
        "Boost's binary archives, over a stringstream and over a reused buffer without header",
        given);
    measure(to, given, "int, string, 8 doubles", make_job<false>(), make_job<true>(), 500);
    measure(to, given, "flat struct", flat<false>{1, 2, 3, 4, 5}, flat<true>{1, 2, 3, 4, 5}, 500);
    measure(to, given, "64 KiB of bytes", make_buffer<false>(), make_buffer<true>(), 20);
    measure(to, given, "100 jobs and a map of 100", make_table<false>(), make_table<true>(), 10);
}
