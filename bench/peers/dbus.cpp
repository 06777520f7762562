//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "peers/transport.hpp"

#include <systemd/sd-bus.h>
#include <memory>
#include <system_error>

// D-Bus from peer to peer by sd-bus, over a socket pair: no bus daemon is between the two. One way
// is a method call that wants no reply.

namespace bench::peers {

namespace {

constexpr const char* path = "/bench";
constexpr const char* interface = "strait.Bench";

int checked(int result) {
    if (result < 0) throw std::system_error(-result, std::generic_category(), "sd-bus");
    return result;
}

struct deleter {
    void operator()(sd_bus* bus) const { sd_bus_flush_close_unref(bus); }
    void operator()(sd_bus_message* message) const { sd_bus_message_unref(message); }
};
using bus_ptr = std::unique_ptr<sd_bus, deleter>;
using message_ptr = std::unique_ptr<sd_bus_message, deleter>;

bus_ptr bus_on(strait::handle socket) {
    sd_bus* bus = nullptr;
    checked(sd_bus_new(&bus));
    bus_ptr owner(bus);
    const int fd = socket.release();
    checked(sd_bus_set_fd(bus, fd, fd));
    return owner;
}

glimpse look(sd_bus_message* message) {
    const void* bytes = nullptr;
    std::size_t count = 0;
    checked(sd_bus_message_read_array(message, 'y', &bytes, &count));
    return look_at(bytes, count);
}

void append(sd_bus_message* message, const void* bytes, std::size_t count) {
    checked(sd_bus_message_append_array(message, 'y', bytes, count));
}

class dbus_client : public client {
public:
    explicit dbus_client(meeting& m) : bus_(bus_on(std::move(m.socket))) {
        checked(sd_bus_start(bus_.get()));
    }

    void send(const any_bytes& content) override {
        const message_ptr request = make_request("Put", content);
        checked(sd_bus_message_set_expect_reply(request.get(), 0));
        checked(sd_bus_send(bus_.get(), request.get(), nullptr));
        // What the socket has no room for is kept by the library, without end.
        if (queued() > max_queued) flush();
    }
    glimpse call(const any_bytes& content) override {
        const message_ptr request = make_request("Echo", content);
        sd_bus_message* reply = nullptr;
        checked(sd_bus_call(bus_.get(), request.get(), 0, nullptr, &reply));
        const message_ptr owner(reply);
        return look(reply);
    }
    void flush() override { checked(sd_bus_flush(bus_.get())); }

private:
    static constexpr std::uint64_t max_queued = 64;

    message_ptr make_request(const char* method, const any_bytes& content) {
        sd_bus_message* request = nullptr;
        checked(
            sd_bus_message_new_method_call(bus_.get(), &request, nullptr, path, interface, method));
        message_ptr owner(request);
        append(request, content.data(), content.size());
        return owner;
    }
    std::uint64_t queued() {
        std::uint64_t count = 0;
        checked(sd_bus_get_n_queued_write(bus_.get(), &count));
        return count;
    }

    bus_ptr bus_;
};

class dbus_server : public server {
public:
    explicit dbus_server(meeting& m) : bus_(bus_on(std::move(m.socket))) {
        sd_id128_t id;
        checked(sd_id128_randomize(&id));
        checked(sd_bus_set_server(bus_.get(), 1, id));
        checked(sd_bus_add_object_vtable(bus_.get(), nullptr, path, interface, methods, this));
        checked(sd_bus_start(bus_.get()));
    }

    glimpse receive() override {
        process_one();
        return std::exchange(seen_, {});
    }
    void answer() override {
        process_one();
        seen_ = {};
        checked(sd_bus_flush(bus_.get()));
    }

private:
    static const sd_bus_vtable methods[];

    void process_one() {
        while (seen_.bytes == 0)
            if (checked(sd_bus_process(bus_.get(), nullptr)) == 0)
                checked(sd_bus_wait(bus_.get(), UINT64_MAX));
    }

    static int on_put(sd_bus_message* request, void* self, sd_bus_error*) {
        static_cast<dbus_server*>(self)->seen_ = look(request);
        return 1;
    }
    static int on_echo(sd_bus_message* request, void* self, sd_bus_error*) {
        const void* bytes = nullptr;
        std::size_t count = 0;
        checked(sd_bus_message_read_array(request, 'y', &bytes, &count));
        sd_bus_message* reply = nullptr;
        checked(sd_bus_message_new_method_return(request, &reply));
        const message_ptr owner(reply);
        append(reply, bytes, count);
        static_cast<dbus_server*>(self)->seen_ = look_at(bytes, count);
        return sd_bus_send(nullptr, reply, nullptr);
    }

    bus_ptr bus_;
    glimpse seen_;
};

const sd_bus_vtable dbus_server::methods[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_METHOD(
        "Put", "ay", "", on_put, SD_BUS_VTABLE_UNPRIVILEGED | SD_BUS_VTABLE_METHOD_NO_REPLY),
    SD_BUS_METHOD("Echo", "ay", "ay", on_echo, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_VTABLE_END,
};

}  // namespace

transport dbus() {
    return {
        .name = "D-Bus (sd-bus)",
        .max_bytes = 32u << 20,  // one of 64 MiB is past its own limit
        .make_client = make_client<dbus_client>,
        .make_server = make_server<dbus_server>};
}

}  // namespace bench::peers
