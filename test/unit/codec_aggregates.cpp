//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "codec_tools.hpp"

#include <boost/describe/class.hpp>

#include <map>
#include <memory>
#include <optional>
#include <string>

using namespace codec_test;
using std::string;
using std::vector;

namespace {

struct nothing {
    bool operator==(const nothing&) const = default;
};

struct job {
    int id = 0;
    string name;
    vector<double> data;
    bool operator==(const job&) const = default;
};

struct arrays {
    int numbers[3];
    string words[2];
    int grid[2][2];
    job jobs[2];
    bool operator==(const arrays&) const = default;
};

struct tree {
    int value = 0;
    vector<tree> children;
    bool operator==(const tree&) const = default;
};

struct chain {
    std::unique_ptr<chain> next;
};

struct owners {
    std::unique_ptr<int> one;
    std::optional<std::unique_ptr<int>> maybe;
    vector<std::unique_ptr<int>> many;
    std::optional<vector<std::unique_ptr<int>>> maybe_many;
    std::map<int, std::unique_ptr<int>> keyed;
};

struct nested {
    nothing none;
    struct {
        int a;
        struct {
            short b;
        } inner;
    } outer;
    nothing last;
};

struct point {
    float x, y, z;
    bool operator==(const point&) const = default;
};

// Can be made of anything.
class greedy {
public:
    greedy() = default;
    template <class U>
    explicit(false) greedy(U&&) {}

    template <class Archive>
    void serialize(Archive& ar, const unsigned) {
        ar & value;
    }

    int value = 0;
};

struct begins_greedily {
    greedy first;
    std::optional<greedy> second;
    int third = 0;
};

struct sixty_four {
    string a0, a1, a2, a3, a4, a5, a6, a7, a8, a9;
    string b0, b1, b2, b3, b4, b5, b6, b7, b8, b9;
    string c0, c1, c2, c3, c4, c5, c6, c7, c8, c9;
    string d0, d1, d2, d3, d4, d5, d6, d7, d8, d9;
    string e0, e1, e2, e3, e4, e5, e6, e7, e8, e9;
    string f0, f1, f2, f3, f4, f5, f6, f7, f8, f9;
    int g0, g1, g2, g3;
    bool operator==(const sixty_four&) const = default;
};

class secret {
public:
    static secret make(int n) {
        secret s;
        s.n_ = n;
        s.text_ = "hidden";
        return s;
    }
    bool operator==(const secret&) const = default;

private:
    friend class boost::serialization::access;
    secret() = default;
    int n_ = 0;
    string text_;
    BOOST_DESCRIBE_CLASS(secret, (), (), (), (n_, text_))
};

struct base {
    int a = 0;
    bool operator==(const base&) const = default;
};
BOOST_DESCRIBE_STRUCT(base, (), (a))

class derived : private base {
public:
    derived() = default;
    derived(int a_, int b) : base{a_}, b_(b) {}
    bool operator==(const derived&) const = default;

private:
    int b_ = 0;
    BOOST_DESCRIBE_CLASS(derived, (base), (), (), (b_))
};

}  // namespace

BOOST_AUTO_TEST_SUITE(codec_aggregates)

BOOST_AUTO_TEST_CASE(members_are_counted) {
    using strait::detail::member_count;
    static_assert(member_count<nothing>() == 0);
    static_assert(member_count<job>() == 3);
    static_assert(member_count<arrays>() == 4);
    static_assert(member_count<owners>() == 5);
    static_assert(member_count<nested>() == 3);
    static_assert(member_count<sixty_four>() == 64);
    static_assert(member_count<begins_greedily>() == 3);
    static_assert(!strait::detail::has_base<job>);
    static_assert(!strait::detail::has_base<begins_greedily>);
    BOOST_TEST(encoded(nothing{}).empty());
}

BOOST_AUTO_TEST_CASE(members_follow_each_other_and_nothing_else) {
    BOOST_TEST(encoded(job{1, "a", {}}) == (bytes{1, 0, 0, 0, 1, 0, 0, 0, 'a', 0, 0, 0, 0}));
}

BOOST_AUTO_TEST_CASE(plain_aggregates_survive) {
    STRAIT_CHECK_ROUND_TRIP(job{1, "first", {1, 2, 3}});
    STRAIT_CHECK_ROUND_TRIP(
        arrays{{1, 2, 3}, {"a", "b"}, {{1, 2}, {3, 4}}, {{1, "x", {}}, {2, "y", {5}}}});
    STRAIT_CHECK_ROUND_TRIP(vector<point>{{1, 2, 3}, {4, 5, 6}});
    STRAIT_CHECK_ROUND_TRIP(vector<nothing>(1000));
    const nested n = round_trip(nested{{}, {1, {2}}, {}});
    BOOST_TEST(n.outer.a == 1);
    BOOST_TEST(n.outer.inner.b == 2);
}

BOOST_AUTO_TEST_CASE(a_big_aggregate_survives) {
    sixty_four s{};
    s.a0 = "first";
    s.f9 = "last";
    s.g3 = 64;
    STRAIT_CHECK_ROUND_TRIP(s);
}

BOOST_AUTO_TEST_CASE(move_only_members_survive) {
    owners o;
    o.one = std::make_unique<int>(1);
    o.maybe.emplace(std::make_unique<int>(2));
    o.many.push_back(std::make_unique<int>(3));
    o.maybe_many.emplace().push_back(std::make_unique<int>(4));
    o.keyed[5] = std::make_unique<int>(6);
    const owners r = round_trip(o);
    BOOST_TEST(*r.one == 1);
    BOOST_TEST(**r.maybe == 2);
    BOOST_TEST(*r.many.at(0) == 3);
    BOOST_TEST(*r.maybe_many->at(0) == 4);
    BOOST_TEST(*r.keyed.at(5) == 6);
}

BOOST_AUTO_TEST_CASE(recursive_types_survive) {
    STRAIT_CHECK_ROUND_TRIP(tree{1, {{2, {}}, {3, {{4, {}}}}}});
}

BOOST_AUTO_TEST_CASE(nesting_is_bounded_on_both_sides) {
    chain c;
    for (int i = 0; i < 200; ++i) {
        chain outer;
        outer.next = std::make_unique<chain>(std::move(c));
        c = std::move(outer);
    }
    BOOST_TEST(code_of([&] { encoded(c); }) == code(strait::error::bad_message));

    strait::limits deeper;
    deeper.max_depth = 300;
    const bytes message = encoded(c, deeper);
    BOOST_TEST(message.size() == 201u);
    BOOST_TEST(decode_error<chain>(message, deeper) == strait::error_code());
    BOOST_TEST(decode_error<chain>(message) == code(strait::error::bad_message));
}

BOOST_AUTO_TEST_CASE(described_classes_survive) {
    STRAIT_CHECK_ROUND_TRIP(secret::make(7));
    STRAIT_CHECK_ROUND_TRIP(derived(1, 2));
    STRAIT_CHECK_ROUND_TRIP(base{3});
    BOOST_TEST(encoded(derived(1, 2)) == (bytes{1, 0, 0, 0, 2, 0, 0, 0}));
}

BOOST_AUTO_TEST_CASE(a_private_default_constructor_is_enough_in_every_place) {
    const secret s = secret::make(1);
    STRAIT_CHECK_ROUND_TRIP(vector<secret>{s, s});
    STRAIT_CHECK_ROUND_TRIP(std::optional<secret>(s));
    STRAIT_CHECK_ROUND_TRIP(std::map<int, secret>{{1, s}});
}

BOOST_AUTO_TEST_SUITE_END()
