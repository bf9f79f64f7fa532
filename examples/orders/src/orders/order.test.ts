import { test } from 'node:test';
import { specFor } from '@annals/nestjs/testing';
import {
  InvalidAmountError,
  Order,
  OrderCancelled,
  OrderNotOpenError,
  OrderPaid,
  OrderPlaced,
  PaymentDeclined,
} from './order.js';

const placed = new OrderPlaced('ada', 4_200);

test('an order is placed for an amount', () => {
  specFor(Order)
    .when(() => Order.place('1', 'ada', 4_200))
    .thenRaises(placed);
});

test('an order for nothing is refused', () => {
  specFor(Order)
    .when(() => Order.place('1', 'ada', 0))
    .thenThrows(InvalidAmountError);
});

test('an open order can be cancelled, also after a declined payment', () => {
  specFor(Order)
    .given(placed, new PaymentDeclined('The card has expired.'))
    .when((order) => order.cancel('Not needed any more.'))
    .thenRaises(new OrderCancelled('Not needed any more.'));
});

test('a paid order cannot be cancelled', () => {
  specFor(Order)
    .given(placed, new OrderPaid('receipt-1'))
    .when((order) => order.cancel('Not needed any more.'))
    .thenThrows(OrderNotOpenError);
});

test('an order is paid once', () => {
  specFor(Order)
    .given(placed, new OrderPaid('receipt-1'))
    .when((order) => order.pay('receipt-2'))
    .thenThrows(OrderNotOpenError);
});
