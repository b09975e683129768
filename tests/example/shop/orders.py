"""What the shop asks of its orders and customers."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from shop.models import Customer, Order, State


def orders_of(session: Session, customer_id: int) -> list[Order]:
    return list(session.scalars(select(Order).where(Order.customer_id == customer_id).order_by(Order.created_at.desc())))


def order_with(session: Session, reference: str) -> Order | None:
    return session.scalar(select(Order).where(Order.reference == reference))


def customers_named(session: Session, last_name: str, country: str | None = None) -> list[Customer]:
    customers = select(Customer).where(func.lower(Customer.last_name) == last_name.lower())
    if country is not None:
        customers = customers.where(Customer.country == country)
    return list(session.scalars(customers))


def customers_in(session: Session, city: str) -> list[Customer]:
    return list(session.scalars(select(Customer).where(Customer.city == city)))


def paid_orders(session: Session, since: datetime | None = None) -> list[Order]:
    orders = select(Order).where(Order.state == State.paid)
    if since is not None:
        orders = orders.where(Order.created_at >= since)
    return list(session.scalars(orders))
