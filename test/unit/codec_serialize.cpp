//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "codec_tools.hpp"

#include <boost/array.hpp>
#include <boost/optional.hpp>
#include <boost/serialization/array.hpp>
#include <boost/serialization/base_object.hpp>
#include <boost/serialization/binary_object.hpp>
#include <boost/serialization/boost_array.hpp>
#include <boost/serialization/boost_unordered_map.hpp>
#include <boost/serialization/nvp.hpp>
#include <boost/serialization/optional.hpp>
#include <boost/serialization/split_free.hpp>
#include <boost/serialization/split_member.hpp>
#include <boost/serialization/string.hpp>
#include <boost/serialization/variant.hpp>
#include <boost/serialization/vector.hpp>
#include <boost/serialization/version.hpp>
#include <boost/variant.hpp>

#include <cstring>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>

using namespace codec_test;

namespace app {

struct open_member {
    int a = 0;
    std::string b;
    bool operator==(const open_member&) const = default;

    template <class Archive>
    void serialize(Archive& ar, const unsigned) {
        ar & a & BOOST_SERIALIZATION_NVP(b);
    }
};

class closed_member {
public:
    closed_member(int a, std::list<int> more) : a_(a), more_(std::move(more)) {}
    bool operator==(const closed_member&) const = default;

private:
    friend class boost::serialization::access;
    closed_member() = default;

    template <class Archive>
    void serialize(Archive& ar, const unsigned) {
        ar & a_ & more_;
    }

    int a_ = 0;
    std::list<int> more_;
};

class split_in_two {
public:
    split_in_two() = default;
    explicit split_in_two(int a) : a_(a) {}
    bool operator==(const split_in_two&) const = default;

private:
    friend class boost::serialization::access;

    template <class Archive>
    void save(Archive& ar, const unsigned) const {
        const int twice = 2 * a_;
        ar << twice;
    }

    template <class Archive>
    void load(Archive& ar, const unsigned) {
        int twice = 0;
        ar >> twice;
        a_ = twice / 2;
    }

    BOOST_SERIALIZATION_SPLIT_MEMBER()

    int a_ = 0;
};

struct with_free_function {
    int a = 0;
    bool operator==(const with_free_function&) const = default;
};

template <class Archive>
void serialize(Archive& ar, with_free_function& v, const unsigned) {
    ar & v.a;
}

struct with_split_functions {
    int a = 0;
    bool operator==(const with_split_functions&) const = default;
};

template <class Archive>
void save(Archive& ar, const with_split_functions& v, const unsigned) {
    ar << v.a;
}

template <class Archive>
void load(Archive& ar, with_split_functions& v, const unsigned) {
    ar >> v.a;
}

struct derived : open_member {
    int c = 0;
    bool operator==(const derived&) const = default;

    template <class Archive>
    void serialize(Archive& ar, const unsigned) {
        ar& boost::serialization::base_object<open_member>(*this);
        ar & c;
    }
};

struct polymorphic_base {
    polymorphic_base() = default;
    polymorphic_base(const polymorphic_base&) = default;
    polymorphic_base& operator=(const polymorphic_base&) = default;
    virtual ~polymorphic_base() = default;
    int a = 0;

    template <class Archive>
    void serialize(Archive& ar, const unsigned) {
        ar & a;
    }
};

struct polymorphic_derived : polymorphic_base {
    int b = 0;

    template <class Archive>
    void serialize(Archive& ar, const unsigned) {
        ar& boost::serialization::base_object<polymorphic_base>(*this);
        ar & b;
    }
};

struct versioned {
    int a = 0;
    int since_two = 0;

    template <class Archive>
    void serialize(Archive& ar, const unsigned version) {
        ar & a;
        if (version >= 2) ar & since_two;
    }
};

class without_default {
public:
    explicit without_default(int a) : a_(a) {}
    int a() const { return a_; }
    bool operator==(const without_default&) const = default;

    template <class Archive>
    void serialize(Archive&, const unsigned) {}

private:
    int a_;
};

template <class Archive>
void save_construct_data(Archive& ar, const without_default* v, const unsigned) {
    const int a = v->a();
    ar << a;
}

template <class Archive>
void load_construct_data(Archive& ar, without_default* v, const unsigned) {
    int a = 0;
    ar >> a;
    ::new (v) without_default(a);
}

struct raw_parts {
    double numbers[4] = {};
    char text[4] = {};
    bool operator==(const raw_parts&) const = default;

    template <class Archive>
    void serialize(Archive& ar, const unsigned) {
        ar& boost::serialization::make_array(numbers, 4);
        ar& boost::serialization::make_binary_object(text, 4);
    }
};

// A function of that name that has nothing to do with archives.
struct other_meaning {
    int a = 0;
    std::string serialize() const { return {}; }
    bool operator==(const other_meaning&) const = default;
};

struct boosts_own {
    boost::optional<int> maybe;
    boost::variant<int, std::string> either;
    boost::array<int, 2> two{};
    boost::unordered_map<int, int> table;
    bool operator==(const boosts_own&) const = default;

    template <class Archive>
    void serialize(Archive& ar, const unsigned) {
        ar & maybe & either & two & table;
    }
};

struct asks_about_the_archive {
    bool saved = false;

    template <class Archive>
    void serialize(Archive& ar, const unsigned) {
        ar.template register_type<open_member>();
        ar.template get_helper<int>(&ar) += 1;
        BOOST_TEST(ar.template get_helper<int>(&ar) == 1);
        if (Archive::is_saving::value) saved = true;
        ar & saved;
    }
};

}  // namespace app

namespace boost::serialization {

template <class Archive>
void serialize(Archive& ar, app::with_split_functions& v, const unsigned version) {
    split_free(ar, v, version);
}

}  // namespace boost::serialization

BOOST_CLASS_VERSION(app::versioned, 2)

BOOST_AUTO_TEST_SUITE(codec_serialize)

BOOST_AUTO_TEST_CASE(a_class_version_precedes_what_the_function_writes) {
    BOOST_TEST(encoded(app::with_free_function{7}) == (bytes{0, 7, 0, 0, 0}));
    BOOST_TEST(encoded(app::versioned{1, 2}) == (bytes{2, 1, 0, 0, 0, 2, 0, 0, 0}));
}

BOOST_AUTO_TEST_CASE(every_form_of_serialize_is_used) {
    STRAIT_CHECK_ROUND_TRIP(app::open_member{1, "b"});
    STRAIT_CHECK_ROUND_TRIP(app::closed_member(1, {2, 3}));
    STRAIT_CHECK_ROUND_TRIP(app::split_in_two(4));
    BOOST_TEST(encoded(app::split_in_two(4)) == (bytes{0, 8, 0, 0, 0}));
    STRAIT_CHECK_ROUND_TRIP(app::with_free_function{5});
    STRAIT_CHECK_ROUND_TRIP(app::with_split_functions{6});
    BOOST_TEST(encoded(app::with_split_functions{6}).size() == 5u);
    app::derived d;
    d.a = 1;
    d.b = "base";
    d.c = 2;
    STRAIT_CHECK_ROUND_TRIP(d);
}

// Boost registers the base when it is polymorphic, with code that its archives include.
BOOST_AUTO_TEST_CASE(a_value_may_have_a_polymorphic_base) {
    app::polymorphic_derived d;
    d.a = 1;
    d.b = 2;
    const app::polymorphic_derived r = round_trip(d);
    BOOST_TEST(r.a == 1);
    BOOST_TEST(r.b == 2);
}

BOOST_AUTO_TEST_CASE(serialize_types_work_inside_reflected_ones_and_in_containers) {
    STRAIT_CHECK_ROUND_TRIP(std::vector<app::closed_member>{{1, {}}, {2, {3}}});
    STRAIT_CHECK_ROUND_TRIP(std::map<int, app::split_in_two>{{1, app::split_in_two(2)}});
    STRAIT_CHECK_ROUND_TRIP(std::optional<app::open_member>(app::open_member{1, "x"}));
}

BOOST_AUTO_TEST_CASE(an_older_class_version_is_read) {
    const auto v = decoded<app::versioned>({1, 5, 0, 0, 0});
    BOOST_TEST(v.a == 5);
    BOOST_TEST(v.since_two == 0);
}

BOOST_AUTO_TEST_CASE(a_newer_class_version_is_refused) {
    const auto ec = decode_error<app::versioned>({3, 1, 0, 0, 0, 2, 0, 0, 0});
    BOOST_TEST(ec == code(strait::error::unsupported_class_version));
}

BOOST_AUTO_TEST_CASE(construct_data_brings_elements_into_being) {
    using app::without_default;
    STRAIT_CHECK_ROUND_TRIP(std::vector<without_default>{without_default(1), without_default(2)});
    STRAIT_CHECK_ROUND_TRIP(std::optional<without_default>(without_default(3)));
    BOOST_TEST(round_trip(std::make_unique<without_default>(4))->a() == 4);
}

BOOST_AUTO_TEST_CASE(arrays_and_raw_bytes_are_written_as_they_are) {
    const app::raw_parts parts{{1, 2, 3, 4}, {'a', 'b', 'c', 'd'}};
    STRAIT_CHECK_ROUND_TRIP(parts);
    BOOST_TEST(encoded(parts).size() == 1u + 32u + 4u);
}

BOOST_AUTO_TEST_CASE(a_member_called_serialize_that_takes_no_archive_is_ignored) {
    STRAIT_CHECK_ROUND_TRIP(app::other_meaning{3});
    BOOST_TEST(encoded(app::other_meaning{3}).size() == 4u);
}

BOOST_AUTO_TEST_CASE(types_with_a_header_of_boost_work_unchanged) {
    app::boosts_own v;
    v.maybe = 1;
    v.either = std::string("text");
    v.two = {{1, 2}};
    v.table = {{1, 2}, {3, 4}};
    STRAIT_CHECK_ROUND_TRIP(v);
}

BOOST_AUTO_TEST_CASE(the_archive_answers_what_boost_asks) {
    BOOST_TEST(round_trip(app::asks_about_the_archive{}).saved);
}

BOOST_AUTO_TEST_CASE(a_container_is_coded_the_same_with_and_without_the_header_of_boost) {
    BOOST_TEST(encoded(std::vector<int>{1}) == (bytes{1, 0, 0, 0, 1, 0, 0, 0}));
    BOOST_TEST(encoded(std::string("a")) == (bytes{1, 0, 0, 0, 'a'}));
}

BOOST_AUTO_TEST_SUITE_END()
